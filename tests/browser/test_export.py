"""A visitor takes a model along."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
SECONDS_TO_MAKE = 60_000


def test_embeddings_are_made_on_request_and_downloaded(page: Page) -> None:
    page.goto("/train")
    page.locator(".st-key-export_classic").get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export classic")
    dialog.get_by_label("Format").click()
    page.get_by_role("option", name="Embeddings for NumPy").click()
    expect(dialog.get_by_text("embeddings of the test items")).to_be_visible()
    download = dialog.get_by_role("button", name="Download")
    expect(download).to_have_count(0)
    dialog.get_by_role("button", name="Prepare").click()
    expect(download).to_be_visible(timeout=SECONDS_TO_MAKE)
    with page.expect_download() as taken:
        download.click()
    assert taken.value.suggested_filename == "classic.npz"
    with np.load(taken.value.path(), allow_pickle=False) as arrays:
        assert arrays["embeddings"].shape == (10_000, 128)
