"""The guard: first line of every page, deny by default."""

from __future__ import annotations

import ast

import pytest

from mmm.access import Role
from mmm.access.roles import PERMISSIONS
from mmm.web import identity
from mmm.web.catalogue import CATALOGUE, PAGES, existing_pages
from mmm.web.guard import NOT_YOURS, SIGN_IN_FIRST

FILES = sorted(PAGES.glob("*.py"))


def statements(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [
        node
        for node in body
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]


def guard_call(node):
    call = getattr(node, "value", None)
    is_guard = isinstance(call, ast.Call) and ast.unparse(call.func) == "guard"
    return call if is_guard else None


def run_alone(path, token, monkeypatch):
    """Run a page file without the router, as an address that bypasses it would."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.setattr(identity, "session_token", lambda: token)
    return AppTest.from_file(str(path), default_timeout=60).run()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestEveryPage:
    def test_its_first_statement_is_the_guard_of_its_catalogue_entry(self, path):
        entry = next((entry for entry in CATALOGUE if entry.path == path), None)
        assert entry is not None, f"{path.name} is missing in mmm/web/catalogue.py"
        call = guard_call(statements(path)[0])
        assert call is not None, f"the first statement of {path.name} must be guard(Permission.…)"
        assert ast.unparse(call.args[0]) == f"Permission.{entry.permission.name}"

    def test_its_fragments_begin_with_the_guard_too(self, path):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and any(
                "fragment" in ast.unparse(d) for d in function.decorator_list
            ):
                first = next(
                    node
                    for node in function.body
                    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
                )
                assert guard_call(first) is not None, f"{path.name}: {function.name} must begin with guard(…)"

    def test_run_without_the_router_it_shows_nobody_anything(self, path, installation, monkeypatch):
        app = run_alone(path, "", monkeypatch)
        assert not app.exception
        assert [element.value for element in app.info] == [SIGN_IN_FIRST]
        assert len(app.main.children) == 1

    @pytest.mark.parametrize("role", list(Role))
    def test_run_without_the_router_it_refuses_other_roles(self, path, role, installation, monkeypatch):
        entry = next(entry for entry in CATALOGUE if entry.path == path)
        if entry.permission in PERMISSIONS[role]:
            return
        app = run_alone(path, installation.token(role.value), monkeypatch)
        assert [element.value for element in app.info] == [NOT_YOURS]
        assert len(app.main.children) == 1

    def test_a_one_time_password_does_not_open_it(self, path, installation, monkeypatch):
        app = run_alone(path, installation.token("newcomer"), monkeypatch)
        assert [element.value for element in app.info] == [SIGN_IN_FIRST]


def test_no_folder_of_pages_lies_beside_the_router():
    assert not (PAGES.parent / "mmm" / "web" / "pages").exists()


def test_every_page_has_one_entry():
    names = [entry.name for entry in CATALOGUE]
    assert len(set(names)) == len(names)
    assert {path.stem for path in FILES} == {entry.name for entry in existing_pages()}
