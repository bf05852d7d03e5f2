#!/usr/bin/env python3
"""Tries mutants of cargo-mutants with one build for all of them.

cargo-mutants changes a source file, builds, tests, and puts it back, for one mutant after the other.
Where a build takes minutes, that is days. Here all mutants that `cargo mutants --list --json` names
are built in at once: the body of each function becomes a choice among its original and its mutants,
by the number in the environment variable MUTANT. What does not compile is unviable and left out.
A body that is built in a `const fn`, or stands outside of a function, cannot choose and is left
out, too, and counted.

    mutants.py prepare TREE mutants.json      # rewrites a copy of the source tree
    mutants.py build TREE                     # builds, leaves out what does not compile
    mutants.py test TREE OUT MINUTES [--package PACKAGE] [--sample SEED] [--jobs N] -- FILTER...

`build` builds the whole workspace's tests, with the features that it has otherwise, so that a
CARGO_TARGET_DIR which has the dependencies can be used. Cargo takes the crates of TREE for those
that it is a copy of: where they share the directory, touch the sources before the next build.
`test` first runs the tests without a mutant, and stops if they fail: they would call any mutant
caught. It goes on where it stopped, tries N mutants at a time, and writes a line for each to OUT:
caught, missed or timeout.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Seconds for the tests of a crate, which take ten.
TIMEOUT = 180
# The number of no mutant: every function is as it was.
NONE = 0

SWITCH = """
#[doc(hidden)]
pub mod mutant {
    use std::sync::LazyLock;
    static ACTIVE: LazyLock<u32> = LazyLock::new(|| {
        std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    });
    pub fn active() -> u32 { *ACTIVE }
}
"""


def offset(lines, place):
    return sum(len(line) for line in lines[: place["line"] - 1]) + place["column"] - 1


def body(text, start, end):
    """The body of the function at text[start:end], without its braces, or None."""
    depth, seen = 0, False
    for position in range(start, end):
        letter = text[position]
        if letter in "([":
            depth, seen = depth + 1, True
        elif letter in ")]":
            depth -= 1
        elif letter == "{" and depth == 0 and seen:
            return position + 1, end - 1
    return None


def apply(text, start, end, edits):
    """text[start:end] with the edits that lie in it."""
    inside = sorted(edit for edit in edits if start <= edit[0] and edit[1] <= end)
    outer, last = [], start
    for edit in inside:
        if edit[0] >= last:
            outer.append(edit)
            last = edit[1]
    parts, at = [], start
    for begin, stop, new in outer:
        parts += [text[at:begin], new]
        at = stop
    return "".join(parts + [text[at:end]])


def understood(mutants):
    """cargo-mutants does not know that `Outcome` is a `Result`: what it makes up for one does not
    compile. The same in `Ok` does."""
    for mutant in mutants:
        function = mutant["function"] or {"return_type": ""}
        if mutant["genre"] == "FnValue" and function["return_type"].startswith("-> Outcome"):
            made = re.fullmatch(r"Outcome::from\((.*)\)", mutant["replacement"], re.S)
            if function["return_type"] == "-> Outcome":
                mutant["replacement"] = "Ok(())"
            elif made:
                mutant["replacement"] = f"Ok({made.group(1)})"
            else:
                continue
            place, _, _ = mutant["name"].partition(": replace")
            name = function["function_name"]
            mutant["name"] = f"{place}: replace {name} with {mutant['replacement']}"
        yield mutant


def prepare(tree, listed):
    mutants = list(understood(json.loads(Path(listed).read_text())))
    for number, mutant in enumerate(mutants, 1):
        mutant["number"] = number
    state = {"mutants": mutants, "out": {}}
    render(tree, state)
    save(tree, state)


def save(tree, state):
    (tree / "mutants.json").write_text(json.dumps(state))


def load(tree):
    return json.loads((tree / "mutants.json").read_text())


def render(tree, state):
    """Writes every mutated file anew, from a pristine copy of it."""
    pristine = tree / "pristine"
    by_file = {}
    for mutant in state["mutants"]:
        by_file.setdefault(mutant["file"], []).append(mutant)
    crates = set()
    for file, mutants in by_file.items():
        source = pristine / file
        if not source.exists():
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text((tree / file).read_text())
        text = source.read_text()
        lines = text.splitlines(keepends=True)
        functions = {}
        for mutant in mutants:
            number = str(mutant["number"])
            if mutant["function"] is None:
                state["out"][number] = "outside of a function"
                continue
            span = mutant["function"]["span"]
            key = (offset(lines, span["start"]), offset(lines, span["end"]))
            functions.setdefault(key, []).append(mutant)
        edits = []
        for (start, end), group in sorted(functions.items(), reverse=True):
            found = body(text, start, end)
            signature = text[start : found[0]] if found else ""
            if not found or re.search(r"\bconst\s+(unsafe\s+)?fn\b", signature):
                for mutant in group:
                    state["out"][str(mutant["number"])] = "const fn"
                continue
            inner, outer = found
            arms = []
            for mutant in group:
                made_up = mutant["genre"] == "FnValue"
                if made_up and "impl " in mutant["function"]["return_type"]:
                    # All choices must be of one type, which has no name.
                    state["out"].setdefault(str(mutant["number"]), "impl")
                if str(mutant["number"]) in state["out"]:
                    continue
                begin = offset(lines, mutant["span"]["start"])
                stop = offset(lines, mutant["span"]["end"])
                changed = text[inner:begin] + mutant["replacement"] + text[stop:outer]
                number = mutant["number"]
                arms.append(f"/*<{number}*/ {number} => {{ {changed} }} /*{number}>*/")
            if arms:
                original = apply(text, inner, outer, edits)
                new = f" match crate::mutant::active() {{ {' '.join(arms)} _ => {{ {original} }} }} "
                edits.append((inner, outer, new))
        (tree / file).write_text(apply(text, 0, len(text), edits))
        crates.add(Path(file).parts[0])
    for crate in crates:
        root = tree / crate / "src/lib.rs"
        text = root.read_text()
        if "pub mod mutant" not in text:
            root.write_text(text + SWITCH)


def culprits(tree, file, begin, stop):
    """Numbers of the mutants whose code bytes begin..stop of a file are in."""
    text = (tree / file).read_bytes()
    found = set()
    for match in re.finditer(rb"/\*<(\d+)\*/.*?/\*\1>\*/", text, re.S):
        if match.start() <= begin and stop <= match.end():
            found.add(match.group(1).decode())
    return found


def build(tree):
    state = load(tree)
    command = ["cargo", "test", "--workspace", "--no-run", "--lib", "--test", "it"]
    command.append("--message-format=json")
    while True:
        run = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        bad, binaries, unknown = set(), [], []
        for line in run.stdout.splitlines():
            message = json.loads(line)
            if message.get("executable") and message["reason"] == "compiler-artifact":
                name = message["package_id"].split("/")[-1].split("#")[0]
                binaries.append((name, message["target"]["name"], message["executable"]))
            if message["reason"] != "compiler-message" or message["message"]["level"] != "error":
                continue
            spans = [span for span in message["message"]["spans"] if span["file_name"][0] != "/"]
            named = set()
            # Where the error is, or else what it compares with.
            for primary in (True, False):
                for span in spans:
                    if not named and span["is_primary"] == primary:
                        place = (span["file_name"], span["byte_start"], span["byte_end"])
                        named |= culprits(tree, *place)
            bad |= named
            if not named and message["message"]["spans"]:
                unknown.append(message["message"]["rendered"])
        print(len(bad), "unviable", file=sys.stderr)
        if run.returncode == 0:
            state["binaries"] = binaries
            save(tree, state)
            return
        if not bad:
            sys.exit("\n".join(unknown[:5]) or run.stderr.decode()[-3000:])
        for number in bad:
            state["out"][number] = "unviable"
        render(tree, state)
        save(tree, state)


def test(tree, out, minutes, package, seed, jobs, filters):
    state = load(tree)
    done = {}
    if out.exists():
        done = dict(line.split("\t")[:2] for line in out.read_text().splitlines())
    mutants = [m for m in state["mutants"] if str(m["number"]) not in state["out"]]
    if package:
        mutants = [m for m in mutants if m["package"] == package]
    pass_without_mutant(tree, state["binaries"], {crate(m) for m in mutants}, filters)
    if seed is not None:
        random.Random(seed).shuffle(mutants)
    deadline = time.monotonic() + 60 * minutes
    writing = threading.Lock()
    log = out.open("a")

    def attempt(mutant):
        if str(mutant["number"]) in done or time.monotonic() > deadline:
            return
        verdict = "missed"
        for name, _, binary in state["binaries"]:
            if name == crate(mutant) and verdict == "missed":
                verdict = tried([tree / binary, *filters], tree / name, mutant["number"])
        with writing:
            log.write(f"{mutant['number']}\t{verdict}\t{mutant['name']}\n")
            log.flush()

    with log, ThreadPoolExecutor(jobs) as pool:
        list(pool.map(attempt, mutants))


def crate(mutant):
    """The folder of its package."""
    return mutant["file"].split("/")[0]


def pass_without_mutant(tree, binaries, crates, filters):
    """Stops if a crate's tests do not pass as they are, or are none."""
    for folder in sorted(crates):
        own = [(target, binary) for name, target, binary in binaries if name == folder]
        if not own:
            sys.exit(f"{folder} has no tests that were built: run `build` first")
        for target, binary in own:
            verdict = tried([tree / binary, *filters], tree / folder, NONE)
            if verdict != "missed":
                problem = {"caught": "fail", "timeout": f"take more than {TIMEOUT} s"}[verdict]
                sys.exit(f"the tests `{target}` of {folder} {problem} without a mutant: {binary}")


def tried(command, folder, number):
    """What the tests make of a mutant. The first that fails is enough."""
    environment = dict(os.environ, MUTANT=str(number), RUST_BACKTRACE="0")
    run = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    late = threading.Event()

    def stop():
        late.set()
        run.kill()

    timer = threading.Timer(TIMEOUT, stop)
    timer.start()
    try:
        for line in run.stdout:
            if line.rstrip().endswith(b"FAILED"):
                run.kill()
                return "caught"
        failed = run.wait() != 0
    finally:
        timer.cancel()
        run.wait()
    return "timeout" if late.is_set() else "caught" if failed else "missed"


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(dest="command", required=True)
    add = lambda name, help: commands.add_parser(name, help=help)
    rewriting = add("prepare", "rewrite a copy of the source tree")
    building = add("build", "build, and leave out what does not compile")
    testing = add("test", "run the tests with each mutant; after --, those of these names only")
    for command in [rewriting, building, testing]:
        command.add_argument("tree", type=lambda path: Path(path).resolve())
    rewriting.add_argument("mutants", help="what `cargo mutants --list --json` printed")
    testing.add_argument("out", type=Path, help="a line for each mutant; what is there is not tried")
    testing.add_argument("minutes", type=float, help="when to end")
    testing.add_argument("--package", help="mutants of this crate only")
    testing.add_argument("--sample", metavar="SEED", help="in an order drawn by this seed")
    testing.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at a time")
    # argparse does not take arguments after options after arguments.
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options, filters = parser.parse_args(arguments[:end]), arguments[end + 1 :]
    if options.command == "prepare":
        prepare(options.tree, options.mutants)
    elif options.command == "build":
        build(options.tree)
    else:
        of = options
        test(of.tree, of.out, of.minutes, of.package, of.sample, of.jobs, filters)


main()
