"""Whether an act may go on: the one place where a confirmation and a person's yes come together."""

from typing import Any

import mcp_types as types

from orchestrator import person
from orchestrator.desk import Desk
from orchestrator.errors import RefusedError
from orchestrator.person import Confirms
from orchestrator.tools.tool import Question


async def consent(
    context: Any, desk: Desk, question: Question, call: types.CallToolRequestParams
) -> types.InputRequiredResult | None:
    """None: go on, once. A result: the client must ask the person and call again with the answer.

    Raises RefusedError: no, or nobody can be asked. NotConfirmedError: the confirmation, or the state of the question
    that the client brings back, does not hold.
    """
    if desk.confirms is Confirms.MODEL:
        return None
    if desk.confirms is Confirms.NOBODY:
        raise RefusedError("person_required", person.CANNOT_ASK)
    me = desk.caller.id
    left = desk.confirmations.check(question.confirmation, me, question.wish)
    if not person.is_modern(context):
        yes = await person.ask_now(context, question.message, left)
    else:
        # What the client brings back is its own word: bound to this act, and good once, like a confirmation.
        asked = {"asked": question.wish, "confirmation": question.confirmation}
        if call.request_state is None:
            return types.InputRequiredResult(
                input_requests={person.KEY: person.request(question.message)},
                request_state=desk.confirmations.issue(me, asked),
            )
        desk.confirmations.redeem(call.request_state, me, asked)
        yes = person.answered(call.input_responses)
    if not yes:
        desk.confirmations.redeem(question.confirmation, me, question.wish)  # a no is final
        raise RefusedError(
            "declined", "the person said no: nothing was done. Do not ask again unless they want it"
        )
    return None
