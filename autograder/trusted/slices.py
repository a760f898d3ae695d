"""What of a unit's program the results of each task depend on.

When one sentence of a helper is corrected, the tasks that never say it keep their results. The program of a task is
the part of the unit that its checks can reach: its `Task`, its checks, its probes, and every top-level definition
whose name they mention, in whatever module of the unit it stands. Comments do not count. Where a module is used as a
whole (passed on, or looked into by `getattr`), all of it counts: rather too much is looked at again than too little.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from autograder.store import key_of
from autograder.unit import UnitSource, checks_module

Node = tuple[str, str]  # a module's import name, and a name in it; "" stands for all of it


@dataclass
class Module:
    """A module's top-level statements by the name they bind, and what it imports of the unit.

    `package`: the unit's import name; `fixtures`: argument of a check → what makes it.
    """

    package: str
    is_package: bool
    bound: dict[str, list[ast.stmt]] = field(default_factory=dict)
    always: list[ast.stmt] = field(default_factory=list)  # whatever binds no name, such as a docstring or an `if`
    imported: dict[str, Node] = field(default_factory=dict)
    fixtures: Mapping[str, Node] = field(default_factory=dict)


def programs(source: UnitSource, notebook: str, tasks: Sequence[str]) -> Mapping[str, str]:
    """Task → hash of the part of the unit that its results depend on; of all of it where it is no plain Python."""
    return _programs(_Source(source), checks_module(source.package, notebook), tuple(tasks))


class _Source:
    """A unit's files, compared by their hash: to remember what was found of them."""

    def __init__(self, unit: UnitSource) -> None:
        self.unit = unit

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Source) and other.unit.key == self.unit.key

    def __hash__(self) -> int:
        return hash(self.unit.key)


@lru_cache(maxsize=64)
def _programs(source: _Source, checks: str, tasks: tuple[str, ...]) -> Mapping[str, str]:
    try:
        modules = _modules(source)
        roots = _roots(modules[checks], checks)
    except (SyntaxError, KeyError, ValueError):  # whoever runs it says so
        return dict.fromkeys(tasks, source.unit.key)
    always = [(name, "") for name, module in modules.items() if module.is_package]
    everything = [(checks, "")]  # of a task that the checks do not know
    data = {path: digest for path, digest in source.unit.files.hashes.items() if not path.endswith(".py")}
    return {task: key_of(data, _reached(modules, [*roots.get(task, everything), *always])) for task in tasks}


@lru_cache(maxsize=4)
def _modules(source: _Source) -> Mapping[str, Module]:
    """Every module of the unit by its import name."""
    unit, found = source.unit, {}
    for path, text in unit.files.content.items():
        if path.endswith(".py"):
            parts = path.removesuffix(".py").split("/")
            is_package = parts[-1] == "__init__"
            name = ".".join([unit.package, *(parts[:-1] if is_package else parts)])
            found[name] = _module(text, unit, is_package)
    return found


def _module(text: bytes, unit: UnitSource, is_package: bool) -> Module:
    fixtures = {argument: _split(name) for argument, name in unit.fixtures.items()}
    found = Module(unit.package, is_package, fixtures=fixtures)
    for node in ast.parse(text).body:
        found.imported |= _imports(node, unit.package)
        names = list(_binds(node))
        for bound in names:
            found.bound.setdefault(bound, []).append(node)
        if not names:
            found.always.append(node)
    return found


def _split(name: str) -> Node:
    module, _dot, last = name.rpartition(".")
    return module, last


def _imports(node: ast.AST, package: str) -> dict[str, Node]:
    """Name → what it stands for, of an import from the unit. Raises ValueError for one that cannot be followed."""
    if isinstance(node, ast.Import):
        inside = [a for a in node.names if f"{a.name}.".startswith(f"{package}.")]
        if any(a.asname is None for a in inside):
            raise ValueError("import package.module")
        return {str(a.asname): (a.name, "") for a in inside}
    if isinstance(node, ast.ImportFrom):
        origin = node.module or ""
        if node.level or any(a.name == "*" for a in node.names):
            raise ValueError("a relative import, or one of everything")
        if f"{origin}.".startswith(f"{package}."):
            return {alias.asname or alias.name: (origin, alias.name) for alias in node.names}
    return {}


def _binds(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            yield name
        case ast.For() | ast.If() | ast.With() | ast.Try():
            yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _roots(checks: Module, name: str) -> dict[str, list[Node]]:
    """Task → where its program begins: its variable and its checks.

    A check of a task that cannot be told belongs to all of them.
    """
    variables = {}
    for bound, nodes in checks.bound.items():
        match nodes[-1]:
            case ast.Assign(value=ast.Call(func=ast.Name(id="Task"), args=[ast.Constant(value=str(task)), *_rest])):
                variables[bound] = task
    roots: dict[str, list[Node]] = {task: [(name, variable)] for variable, task in variables.items()}
    for bound, nodes in checks.bound.items():
        owners = {owner for node in nodes for owner in _owners(node, variables)}
        for owner in roots if None in owners else owners:
            roots[str(owner)].append((name, bound))
    return roots


def _owners(node: ast.stmt, variables: Mapping[str, str]) -> Iterator[str | None]:
    """The tasks whose check this is, None for one that cannot be told; nothing for anything else."""
    for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
        match decorator:
            case ast.Call(func=ast.Attribute(value=owner, attr="check")):
                yield variables.get(owner.id) if isinstance(owner, ast.Name) else None


def _reached(modules: Mapping[str, Module], roots: Sequence[Node]) -> list[tuple[str, str, list[str]]]:
    """(module, name, its statements) of everything that can be reached, in order."""
    seen: dict[Node, list[str]] = {}
    waiting = list(roots)
    while waiting:
        module, name = waiting.pop()
        if f"{module}.{name}" in modules:  # `from package import module`
            module, name = f"{module}.{name}", ""
        if module not in modules or (module, name) in seen:
            continue
        found = modules[module]
        if name in found.imported:  # handed on by another module
            waiting.append(found.imported[name])
        statements = list(found.always)
        for bound, own in found.bound.items():
            statements += own if name in ("", bound) else []
        seen[module, name] = [ast.dump(s) for s in statements]
        waiting += [node for s in statements for node in _mentions(s, module, found, modules)]
    return sorted((module, name, texts) for (module, name), texts in seen.items())


def _mentions(statement: ast.stmt, module: str, found: Module, modules: Mapping[str, Module]) -> Iterator[Node]:
    """What a statement mentions of the unit."""
    attributes = set()
    for node in ast.walk(statement):
        match node:
            case ast.Attribute(value=ast.Name() as value, attr=attr):
                target = ".".join(filter(None, found.imported.get(value.id, ())))
                if target in modules:  # `module.name`: of that module, this name
                    attributes.add(value)
                    yield target, attr
            case ast.Name(id=str(name)) | ast.arg(arg=str(name)) if node not in attributes:
                if name in found.imported:
                    yield found.imported[name]
                elif name in found.bound:
                    yield module, name
                elif name in found.fixtures:
                    yield found.fixtures[name]
            case ast.Import() | ast.ImportFrom() if statement is not node:  # within a function
                yield from _imports(node, found.package).values()
