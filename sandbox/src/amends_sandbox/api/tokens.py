"""The issuer's endpoints, at the root: keys, metadata, tokens. Refusals here speak OAuth (RFC 6749 §5.2)."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from amends_sandbox.api.ports import IssuerDep, PortsDep
from amends_sandbox.issuer import TOKEN_LIFE_S, TokenRefused, grant

router = APIRouter(tags=["issuer"])


class TokenRequest(BaseModel):
    """A token request. Fields that are not here are ignored, as RFC 6749 asks."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    tenant: str = ""
    role: str = ""
    """Only for the admin's client, like `subject`."""
    subject: str = ""


_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/.well-known/jwks.json")
async def get_keys(signer: IssuerDep) -> dict[str, Any]:
    """Return the public key that tokens are checked with."""
    return signer.public_keys()


@router.get("/.well-known/openid-configuration")
async def get_metadata(signer: IssuerDep) -> dict[str, Any]:
    """Return where keys and tokens are to be had."""
    return signer.metadata()


@router.post("/token")
async def post_token(given: PortsDep, signer: IssuerDep, form: Annotated[TokenRequest, Form()]) -> JSONResponse:
    """Give a client its token (client credentials)."""
    try:
        granted = grant(form.model_dump(), given.settings.amends_clients)
    except TokenRefused as refused:
        unknown = refused.error == "invalid_client"
        return JSONResponse(
            {"error": refused.error, "error_description": refused.description},
            HTTPStatus.UNAUTHORIZED if unknown else HTTPStatus.BAD_REQUEST,
            headers=_NO_STORE,
        )
    token = signer.sign(granted, given.real_now())
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE_S}
    return JSONResponse(answer, headers=_NO_STORE)
