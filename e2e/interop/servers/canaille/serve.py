"""Runs Canaille with its store in memory, two clients and one user."""

import json
import os
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from socketserver import ThreadingMixIn

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey

settings = json.loads(os.environ["SETTINGS"])
application = settings["application"]


def create_key():
    return RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)


app = create_app(
    {
        "SECRET_KEY": "a-secret-of-tests",
        "SERVER_NAME": settings["host"],
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE_DATABASE": "memory",
        "CANAILLE": {"LOGGING": {"version": 1}},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [create_key()]},
        "OAUTH2_TOKEN_EXPIRES_IN": {
            name: settings["lifetime"] for name in ("authorization_code", "refresh_token")
        },
    }
)

shared = {
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": ["openid", "profile", "email"],
    "id_token_signed_response_alg": "RS256",
}
web = {
    "client_id": "web",
    "client_name": "web",
    "client_secret": settings["secret"],
    "token_endpoint_auth_method": "client_secret_basic",
    "redirect_uris": [application + "/auth/callback"],
    "post_logout_redirect_uris": [application + "/"],
}
direct = {
    "client_id": "direct",
    "client_name": "direct",
    "token_endpoint_auth_method": "none",
    "redirect_uris": [application + "/direct/callback"],
}

with app.app_context():
    for values in (web, direct):
        client = models.Client(**shared, **values)
        Backend.instance.save(client)
        # The audience of its access tokens.
        client.audience = [client]
        Backend.instance.save(client)
    user = models.User(
        user_name=settings["login"],
        formatted_name="Alice Example",
        family_name="Example",
        given_name="Alice",
        emails=["alice@example.com"],
        password=settings["password"],
    )
    Backend.instance.save(user)


def administer(path):
    """What an administrator does."""
    with app.app_context():
        if path == "rotate":
            oidc = app.config["CANAILLE_OIDC"]
            oidc["INACTIVE_JWKS"] = oidc["ACTIVE_JWKS"]
            oidc["ACTIVE_JWKS"] = [create_key()]
        else:
            for consent in Backend.instance.query(models.Consent):
                consent.revoke()


def respond(environ, start_response):
    prefix = "/administration/"
    if not environ["PATH_INFO"].startswith(prefix):
        return app(environ, start_response)
    administer(environ["PATH_INFO"].removeprefix(prefix))
    start_response("204 No Content", [])
    return []


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


server = Server(("127.0.0.1", settings["port"]), Handler)
server.set_app(respond)
server.serve_forever()
