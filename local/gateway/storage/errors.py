"""An error as Supabase Storage words it: nearly all come as HTTP 400, with the status that is meant in the body."""

from aiohttp import web

from local.gateway.proxy import CORS

BAD_REQUEST = 400


class StorageError(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error = status, error

    def response(self) -> web.Response:
        """As Storage answers it: 400 with the real status inside."""
        body = {"statusCode": str(self.status), "error": self.error, "message": str(self)}
        return web.json_response(body, status=BAD_REQUEST, headers=CORS)


def not_found(what: str) -> StorageError:
    """404 for a bucket or an object."""
    return StorageError(404, "not_found", f"{what} not found")
