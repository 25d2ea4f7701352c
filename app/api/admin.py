"""/api/admin: users and keys of the own organisation."""

from typing import Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.actions import keys, users
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource

ADMIN = frozenset({"admin"})
blueprint = resource("admin", roles=ADMIN, write_roles=ADMIN, tag="Administration")


class NewKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid")

    name: Word = Field(min_length=1)
    role: Word
    scopes: list[Word] = Field(default=["read"], max_length=20)
    desks: list[Word] | None = Field(None, max_length=200)
    expires_days: int | None = Field(None, ge=1, le=3650)


class KeyPath(BaseModel):
    """One key."""

    key_id: Word


@blueprint.get("/users", summary="People of the organisation", responses={200: Answer, **PROBLEMS})
def list_users(query: ScopeQuery) -> Response:
    """Answer everybody who may sign in."""
    desk = current_desk()
    return answer(desk, [_user(user) for user in users.every(desk.database, desk.identity)])


@blueprint.get("/keys", summary="API keys of the organisation", responses={200: Answer, **PROBLEMS})
def list_keys(query: ScopeQuery) -> Response:
    """Answer every key without its secret."""
    desk = current_desk()
    return answer(desk, keys.every(desk.database, desk.identity))


@blueprint.post("/keys", summary="Make a key", responses={201: Answer, **PROBLEMS})
def create_key(body: NewKey) -> Response:
    """Answer the key once; only its hash is kept."""
    desk = current_desk()
    record, plain = keys.create(
        desk.database,
        desk.identity,
        name=body.name,
        role=body.role,
        scopes=body.scopes,
        desks=body.desks,
        expires=body.expires_days,
    )
    return answer(desk, {"id": record.id, "name": record.name, "key": plain}, status=201)


@blueprint.delete("/keys/<key_id>", summary="Revoke a key", responses={200: Answer, **PROBLEMS})
def revoke_key(path: KeyPath) -> Response:
    """Void a key at once, on every worker."""
    desk = current_desk()
    keys.revoke(desk.database, desk.identity, path.key_id)
    return answer(desk, {"id": path.key_id, "revoked": True})


def _user(user: Any) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "desks": user.desks,
        "disabled": user.disabled,
        "last_sign_in": user.last_sign_in,
    }
