"""Web applications of Django and Flask that keep their cache and their sessions in kevy."""

import threading

import flask
import pytest
import redis
from django.core.cache import caches
from django.test import Client, override_settings
from flask_caching import Cache
from flask_session import Session

from support.wait import eventually

from . import django_site  # noqa: F401

@pytest.fixture
def cache(url):
    backend = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "KEY_PREFIX": "site"}}
    with override_settings(CACHES=backend):
        yield caches["default"]


def test_djangos_cache(cache):
    assert cache.get("absent", "default") == "default"
    cache.set("object", {"a": [1, 2.5, None]}, timeout=60)
    assert cache.get("object") == {"a": [1, 2.5, None]}
    assert cache.add("object", 1) is False and cache.add("new", 1) is True
    assert cache.incr("new", 41) == 42 and cache.decr("new") == 41
    with pytest.raises(ValueError):
        cache.incr("absent")
    cache.set_many({f"k{i}": i for i in range(100)}, timeout=60)
    assert cache.get_many([f"k{i}" for i in range(0, 200, 50)]) == {"k0": 0, "k50": 50}
    cache.delete_many([f"k{i}" for i in range(50)])
    assert "k0" not in cache and "k50" in cache
    assert cache.touch("k50", 100) and not cache.touch("k0")
    assert cache.get_or_set("computed", lambda: "once", 60) == cache.get_or_set("computed", lambda: "twice", 60) == "once"
    cache.set("first", 1, version=1)
    assert cache.incr_version("first") == 2 and cache.get("first", version=2) == 1
    cache.set("gone", 1, timeout=0)
    assert cache.get("gone") is None
    cache.clear()
    assert cache.get("object") is None


def test_djangos_sessions_and_cached_pages(cache):
    ada, bob = Client(), Client()
    assert [ada.get("/visits").content for _ in range(3)] == [b"1", b"2", b"3"]
    assert bob.get("/visits").content == b"1"
    ada.get("/leave")
    assert ada.get("/visits").content == b"1" and bob.get("/visits").content == b"2"
    assert ada.get("/page").content == bob.get("/page").content
    assert ada.get("/page?other").content != bob.get("/page").content


def test_flasks_cache(url, kevy):
    app = flask.Flask(__name__)
    cache = Cache(app, config={"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": url, "CACHE_KEY_PREFIX": "flask:"})
    calls = []

    @cache.memoize(60)
    def square(n):
        calls.append(n)
        return n * n

    @app.get("/<int:n>")
    @cache.cached(timeout=60, query_string=True)
    def view(n):
        return str(square(n))

    client = app.test_client()
    assert [client.get(f"/{n}").text for n in (3, 4, 3, 4)] == ["9", "16", "9", "16"]
    assert calls == [3, 4]
    with app.app_context():
        assert square(3) == 9
        cache.delete_memoized(square, 3)
        assert square(3) == 9 and square(4) == 16
        assert calls == [3, 4, 3]
        assert cache.set_many({"a": 1, "b": [2]}) and cache.get_dict("a", "b", "c") == {"a": 1, "b": [2], "c": None}
        assert cache.cache.inc("hits", 5) == 5 and cache.cache.dec("hits") == 4
        cache.set("brief", "x", timeout=1)
        eventually(lambda: cache.get("brief") is None, "the entry expires")
        with redis.Redis(port=kevy.port) as other:
            other.set("kept", 1)
            cache.clear()
            assert other.keys() == [b"kept"]


def test_flasks_sessions_survive_their_process(url, kevy):
    def application():
        app = flask.Flask(__name__)
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis.Redis.from_url(url), SESSION_PERMANENT=True)
        Session(app)

        @app.post("/basket/<item>")
        def add(item):
            flask.session.setdefault("basket", []).append(item)
            flask.session.modified = True
            return str(len(flask.session["basket"]))

        @app.get("/basket")
        def show():
            return ",".join(flask.session.get("basket", []))

        @app.post("/leave")
        def leave():
            flask.session.clear()
            return "left"

        return app

    client = application().test_client()
    assert [client.post(f"/basket/{item}").text for item in "abc"] == ["1", "2", "3"]
    cookie = client.get_cookie("session")
    other = application().test_client()
    other.set_cookie("session", cookie.value)
    assert other.get("/basket").text == "a,b,c"
    with redis.Redis(port=kevy.port) as connection:
        [key] = connection.keys("session:*")
        assert 0 < connection.ttl(key) <= 31 * 24 * 3600
        client.post("/leave")
        assert connection.exists(key) == 0


def test_a_cache_that_many_threads_fill_computes_each_entry_once_or_agrees(cache):
    seen = [[] for _ in range(8)]

    def work(mine):
        for i in range(40):
            cache.add(f"entry{i}", f"{i} of {id(mine)}", 60)
            mine.append(cache.get(f"entry{i}"))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == seen[0] for mine in seen)
