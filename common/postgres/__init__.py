"""A Django database backend that brings its own PostgreSQL (`ENGINE = "common.postgres"`).

Development only: with `DATABASE_URL` none of this is used. Importing the package starts nothing;
the server starts with the first connection, is shared by every process that uses the same data
directory, and ends with the last of them.

* `base.py` is what Django loads: the stock PostgreSQL backend, which makes sure there is a server
  before it connects.
* `server.py` is the client side: find the server of a data directory, or have it started.
* `keeper.py` is the small process that owns one server: starts it, starts it again after a crash,
  stops it after its last user.
* `privileges.py` is about root, as whom PostgreSQL refuses to run.

Three lock files in the data directory say who is alive. The kernel drops a lock with its process,
however that dies, so nothing can be stale:

* `users.lock`: held by every process that uses the server (shared). Somebody needs the server.
* `keeper.lock`: held by the keeper. Somebody starts, watches or stops the server.
* `server.lock`: held by every PostgreSQL process. Somebody may still touch the data.
"""
