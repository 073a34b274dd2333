"""Conditional requests (RFC 9110, 13): strong ETags of what can be changed, `If-None-Match` on reads, `If-Match` on writes.

The ETag of a changeable resource is `"<state>.<bytes>"`. The first part names the state that a write would replace, the
second the bytes of this one answer, which also depend on who asked, and in which language. `If-None-Match` compares all of
it. `If-Match` compares the state alone: whoever read a product anonymously may send that ETag with the change they make
after signing in.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags

from common.errors import Kind, Refusal
from common.json import dumps
from common.problems import problem

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

HONOURS_IF_MATCH = "honours_if_match"
Method = TypeVar("Method")


class PreconditionFailed(Refusal):
    """`If-Match` names another state than the present one: somebody has changed it since it was read. Read it again."""

    kind = Kind.PRECONDITION
    code = "precondition_failed"
    title = "Changed since it was read"


def state_of(shown: Any) -> str:
    """The state of a resource that has no version: a digest of all that a write could replace."""
    return hashlib.sha256(dumps(shown)).hexdigest()[:24]


def tagged(request: Request, response: Response, state: str) -> Response:
    """The answer with the ETag of the state it shows; to a read whose `If-None-Match` has it, a 304 without a body."""
    plain = request._request

    def tag(rendered: HttpResponse) -> HttpResponse:
        digest = hashlib.sha256(rendered.content).hexdigest()[:24]
        rendered["ETag"] = f'"{state}.{digest}"'
        return validated(plain, rendered)

    response.add_post_render_callback(tag)
    return response


def validated(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A successful read that has its ETag; a 304 for the caller who has that answer, a 412 for one who wants another."""
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        return response
    answer = get_conditional_response(request, etag=response["ETag"], response=response)
    if answer is not None and answer.status_code == 412:
        refusal = PreconditionFailed()
        return problem(412, refusal.code, refusal.detail, title=refusal.title)
    return answer or response


def demand_state(request: Request, state: str) -> None:
    """Refuse to go on when the request has an `If-Match` that does not name this state.

    Weak tags never match, and what is not a tag matches nothing.

    Raises:
        PreconditionFailed
    """
    given = request.headers.get("If-Match")
    if given is None:
        return
    for tag in parse_etags(given):
        if tag == "*" or (tag.startswith('"') and tag.strip('"').partition(".")[0] == state):
            return
    raise PreconditionFailed("It was changed since you read it. Read it again, then decide.")


@contextmanager
def unchanged(request: Request, hold: Callable[[], str]) -> Iterator[None]:
    """One transaction in which the resource is as `If-Match` says, and stays so until the write is done.

    Args:
        hold: locks the resource for the rest of the transaction and gives its state. Not called without `If-Match`.

    Raises:
        PreconditionFailed: nothing was done.
    """
    if "If-Match" not in request.headers:
        yield
        return
    with transaction.atomic():
        demand_state(request, hold())
        yield


def takes_if_match(method: Method) -> Method:
    """Say in the OpenAPI document that this method honours `If-Match`; `honours_if_match` does so itself."""
    setattr(method, HONOURS_IF_MATCH, True)
    return method


def honours_if_match(hold: Callable[..., str]) -> Callable[[Any], Any]:
    """Make a view's PUT, PATCH or DELETE honour `If-Match`: compared under the lock, in the transaction of the write.

    Args:
        hold: called with the view and the arguments of the path; locks what they name, gives its state.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
            with unchanged(request, functools.partial(hold, view, *args, **kwargs)):
                return method(view, request, *args, **kwargs)

        return takes_if_match(wrapper)

    return decorate
