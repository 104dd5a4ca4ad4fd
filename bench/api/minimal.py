"""What the API is measured against: Flask handlers that look a token up, read a pair and decrypt it, and no more."""

from __future__ import annotations

import hashlib

from flask import Flask, Response, jsonify, request
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from config import Config
from crypto import Keyring
from models import Project, ServiceToken
from models.secret import Secret, SecretVersion

MINIMAL = "/minimal/"
SECRETS, CREDENTIALS, CONSTANT = f"{MINIMAL}secrets", f"{MINIMAL}credentials", f"{MINIMAL}constant"


def make_minimal(config: Config) -> Flask:
    """An app with three addresses, over the same database and keys as Keyturn's."""
    app = Flask("minimal")
    engine = create_engine(config.database)
    keyring = Keyring.load(config.master_key, config.instance / "master.key")

    def pair(session: Session) -> list[tuple[Secret, bytes]]:
        text = request.headers["Authorization"].removeprefix("Bearer ")
        hashed = hashlib.sha256(text.encode()).hexdigest()
        token = session.scalars(select(ServiceToken).where(ServiceToken.token_hash == hashed)).one()
        key = session.get_one(Project, token.project_id).sealing_key(keyring)
        current = SecretVersion.number == Secret.version
        rows = session.execute(
            select(Secret, SecretVersion)
            .join(SecretVersion, (SecretVersion.secret_id == Secret.id) & current)
            .where(Secret.environment_id == token.environment_id, Secret.path == request.args["path"])
        ).all()
        return [(secret, version.open(key)) for secret, version in rows]

    @app.get(SECRETS)
    def secrets() -> Response:
        with Session(engine) as session:
            return jsonify(secrets=[{"name": secret.name, "value": value.decode()} for secret, value in pair(session)])

    @app.get(CREDENTIALS)
    def credentials() -> Response:
        with Session(engine) as session:
            (_, key_id), (_, secret) = pair(session)
            return jsonify(AccessKeyId=key_id.decode(), SecretAccessKey=secret.decode())

    @app.get(CONSTANT)
    def constant() -> Response:
        return jsonify(secrets=[{"name": "AWS_ACCESS_KEY_ID", "value": "constant"}])

    return app
