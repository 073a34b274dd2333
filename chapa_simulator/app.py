"""The Flask application: API, checkout pages and control plane on one port."""

from __future__ import annotations

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from chapa_simulator.api import answer, make_api
from chapa_simulator.checkout import make_checkout, page
from chapa_simulator.control import make_control, problem
from chapa_simulator.server import MAXIMUM_BODY_BYTES
from chapa_simulator.simulator import Simulator


def create_app(simulator: Simulator) -> Flask:
    """Build the application around a simulator."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAXIMUM_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.register_blueprint(make_api(simulator))
    app.register_blueprint(make_checkout(simulator))
    app.register_blueprint(make_control(simulator))

    @app.get("/")
    def home() -> Response:
        return page(
            render_template("home.html", config=simulator.config, base=simulator.public_url)
        )

    @app.get("/healthz")
    def health() -> Response:
        return jsonify(status="ok", program="chapa_simulator")

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        code = error.code or 500
        name = error.name
        if request.path.startswith("/v1/"):
            response = answer(code, message=name)
        elif request.path.startswith("/_sim/"):
            response = problem(code, name.lower().replace(" ", "_"), error.description or name)
        else:
            response = page(
                render_template("notice.html", heading=name, text=error.description, tone="muted"),
                code,
            )
        for header, value in error.get_headers():
            if header.lower() == "allow":
                response.headers[header] = value
        return response

    return app
