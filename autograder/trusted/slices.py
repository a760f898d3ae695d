"""Which part of a file of checks the results of each task depend on.

When one check is corrected, the other tasks keep their results: nothing of theirs is looked at again.
"""

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache


def parts(source: str, tasks: Iterable[str]) -> Mapping[str, str]:
    """Task → the program its checks are: all of the file but the checks of other tasks. Comments do not count.

    A check belongs to the task whose variable its decorator names, `@task.check(...)`. Whatever else stands in the
    file, helpers and probes, belongs to every task; and so does a whole file that is no Python.
    """
    return _parts(source, tuple(tasks))


@lru_cache(maxsize=32)
def _parts(source: str, tasks: tuple[str, ...]) -> Mapping[str, str]:
    try:
        body = ast.parse(source).body
    except SyntaxError:  # whoever runs it says so
        return dict.fromkeys(tasks, source)
    names = _task_names(body)
    return {
        task: ast.dump(ast.Module([node for node in body if _owner(node, names) in (None, task)], [])) for task in tasks
    }


def _task_names(body: list[ast.stmt]) -> dict[str, str]:
    """Variable → name, of each `variable = Task("name", ...)`."""
    found = {}
    for node in body:
        match node:
            case ast.Assign([ast.Name(variable)], ast.Call(ast.Name("Task"), [ast.Constant(str(name)), *_rest])):
                found[variable] = name
    return found


def _owner(node: ast.stmt, names: Mapping[str, str]) -> str | None:
    """The task whose check this is; None for anything else."""
    for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
        match decorator:
            case ast.Call(ast.Attribute(ast.Name(variable), "check")):
                return names.get(variable)
    return None
