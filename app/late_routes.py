"""Routes whose modules are imported when the server listens already: browsers load the front end meanwhile."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from starlette.routing import BaseRoute, Match, NoMatchFound, URLPath
from starlette.types import Receive, Scope, Send

_FOUND = "late_route"


class LateRoutes(BaseRoute):
    """Stands for routes that are made at the first request that could be for one of them."""

    def __init__(self, parts: Iterable[str], make: Callable[[], Sequence[BaseRoute]]) -> None:
        """Describe the routes without making them.

        Args:
            parts: of each path one part that is always the same, such as `api`.
            make: the routes, in order.
        """
        self._parts = frozenset(parts)
        self._make = make

    @cached_property
    def _routes(self) -> Sequence[BaseRoute]:
        return self._make()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """What the first of the routes says that takes the request, else the first that would with another method."""
        best: tuple[Match, Scope] = (Match.NONE, {})
        if scope["type"] == "http" and not self._parts.isdisjoint(scope["path"].split("/")):
            for route in self._routes:
                match, found = route.matches(scope)
                if match.value > best[0].value:
                    best = match, {**found, _FOUND: route}
        return best

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer that was found."""
        await scope[_FOUND].handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """No address: nothing here is asked for by name."""
        raise NoMatchFound(name, path_params)
