"""What can go wrong between a question and its answer, and whose fault it is.

AssistantError
├── UnavailableError    a service did not answer: the same question may be asked again
├── SignInError         the credentials are not taken: sign in anew
├── RefusedError        no, with a code and words for people; NotConfirmedError is one
└── MissingError        a table, a function or an indispensable column is not there: apply the migrations
"""


class AssistantError(Exception):
    """The base; the message is for people and never holds a credential."""


class UnavailableError(AssistantError):
    pass


class SignInError(AssistantError):
    pass


class RefusedError(AssistantError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MissingError(AssistantError):
    """The message names what is missing: `table live_sessions`."""
