"""An error as Supabase Auth words it."""

from aiohttp import web

API_VERSION = {"x-supabase-api-version": "2024-01-01"}


class AuthError(Exception):
    """A refusal: HTTP status, machine-readable code, message, and further fields of the answer."""

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.more = more
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> web.Response:
        """As GoTrue answers it."""
        body = {"code": self.code, "message": self.message, **self.more}
        return web.json_response(body, status=self.status, headers=API_VERSION)
