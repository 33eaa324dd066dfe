"""A service beside the pages: what they show, for programs, by HTTP.

POST /api/distance       two images -> distance, verdict, P(same)
POST /api/search         images -> their nearest test items and classes
POST /api/embed          images -> embeddings
GET  /api/openapi.json   all of this for a machine
GET  /healthz            is the server alive?
GET  /readyz             can it answer?
GET  /metrics            what it has done, in Prometheus's text format
"""

from starlette.routing import Route

from app.service.endpoints import describe, distance, embed, nothing, search
from app.service.health import alive, ready
from app.service.metrics import serve_metrics
from app.sprites import base

_METHODS = ["POST", "GET", "PUT", "PATCH", "DELETE"]
"""All of them come to the service: what no route takes, Streamlit answers with its front end."""


def service_routes() -> list[Route]:
    """Every route of the service."""
    api = f"{base()}/api"
    answers = {"distance": distance, "search": search, "embed": embed}
    return [
        *(Route(f"{api}/{name}", endpoint, methods=_METHODS) for name, endpoint in answers.items()),
        Route(f"{api}/openapi.json", describe),
        Route(f"{api}/{{path:path}}", nothing, methods=_METHODS),
        Route(f"{base()}/healthz", alive),
        Route(f"{base()}/readyz", ready),
        Route(f"{base()}/metrics", serve_metrics),
    ]
