#!/usr/bin/env python3
"""Prints what is in the files of this folder, read as the tool that wrote each reads it, as expected.tsv has it: file, benchmark,
metric, samples, median. It shares nothing with pricereport: run it again where a file is added, and look at what changes."""
import gzip
import itertools
import json
import pathlib
import re
import statistics

ROOT = pathlib.Path(__file__).parent


def load(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8-sig")
    with opened as file:
        return json.load(file)


def hyperfine(path):
    for result in load(path)["results"]:
        codes = result.get("exit_codes") or [0] * len(result["times"])
        yield result["command"], "", [time for time, code in zip(result["times"], codes) if code == 0]


def google_benchmark(path):
    scale = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    times = {}
    for entry in load(path)["benchmarks"]:
        if entry.get("run_type", "iteration") == "iteration":
            times.setdefault(entry["name"], []).append(entry["real_time"] * scale[entry.get("time_unit", "ns")])
    for name, figures in times.items():
        yield name, "", figures


def pytest_benchmark(path):
    for entry in load(path)["benchmarks"]:
        stats = entry["stats"]
        data = stats.get("data")
        if data is None:
            yield entry["fullname"], "", (stats["rounds"], stats["median"])
        elif all(isinstance(figure, (int, float)) for figure in data):
            yield entry["fullname"], "", data


def go(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    configured, settings, results = {}, {}, []
    for line in lines:
        setting = re.fullmatch(r"([a-z][^\sA-Z:]*):(?:[ \t]+(.*))?", line)
        result = re.fullmatch(r"Benchmark(\S*)\s+(\d+)((?:\s+\S+\s+\S+)+)\s*", line)
        if result:
            results.append((dict(settings), result[1], result[3].split()))
            for key, value in settings.items():
                configured.setdefault(key, set()).add(value)
        elif setting and setting[2]:
            settings[setting[1]] = setting[2]
        elif setting:
            settings.pop(setting[1], None)
    changing = sorted(key for key, values in configured.items() if key != "pkg" and
                      (len(values) > 1 or any(key not in one for one, _, _ in results)))
    figures = {}
    for settings, name, pairs in results:
        package = settings["pkg"].split("/")[-1] + "." if "pkg" in settings else ""
        shown = ", ".join(f"{key}={settings[key]}" for key in changing if key in settings)
        for value, unit in zip(pairs[::2], pairs[1::2]):
            metric, factor = ("", 1e-9) if unit == "ns/op" else (unit, 1)
            title = package + name + (f" ({shown})" if shown else "")
            figures.setdefault((title, metric), []).append(float(value) * factor)
    for (name, metric), values in figures.items():
        yield name, metric, values


def pyperf(path):
    suite = load(path)
    for benchmark in suite["benchmarks"]:
        metadata = {**suite.get("metadata", {}), **benchmark.get("metadata", {})}
        metric = {"second": "", "byte": "memory", "integer": "value"}[metadata.get("unit", "second")]
        yield metadata["name"], metric, [value for run in benchmark["runs"] for value in run.get("values", ())]


def asv(path):
    benchmarks = load(path.parent.parent / "benchmarks.json")
    text = re.sub(r"\bNaN\b", "null", path.read_text(encoding="utf-8"))
    file = json.loads(text)
    for name, result in file["results"].items():
        if isinstance(result, list):
            result = dict(zip(file["result_columns"], result))
            repeats = result.get("stats_repeat")
        else:
            result = result if isinstance(result, dict) else {"result": result}
            repeats = None
        values = result["result"] if isinstance(result["result"], list) else [result["result"]]
        combinations = list(itertools.product(*(result.get("params") or [])))
        unit = benchmarks.get(name, {}).get("unit", "seconds")
        for i, value in enumerate(values):
            shown = "(" + ", ".join(combinations[i]) + ")" if result.get("params") else ""
            if value is not None:
                yield name + shown, {"seconds": "", "bytes": "memory"}.get(unit, "value"), (repeats[i] if repeats else 1, value)


def criterion(path):
    for sample in sorted(path.glob("**/new/sample.json")):
        data = load(sample)
        times = [time / count / 1e9 for time, count in zip(data["times"], data["iters"])]
        yield load(sample.parent / "benchmark.json")["full_id"], "", times


def jmh(path):
    scale = {"ns/op": 1e-9, "us/op": 1e-6, "ms/op": 1e-3, "s/op": 1.0}
    for result in load(path):
        extra = [f"{key}={value}" for key, value in result.get("params", {}).items()]
        if result["mode"] not in ("avgt", "thrpt"):
            extra.append(result["mode"])
        if result["threads"] > 1:
            extra.append(f"{result['threads']} threads")
        metrics = [("", result["primaryMetric"])] + list(result["secondaryMetrics"].items())
        for name, metric in metrics:
            factor = scale.get(metric["scoreUnit"])
            title = result["benchmark"] + (f":{name}" if name and factor else "") + (f" ({', '.join(extra)})" if extra else "")
            label = "" if factor else name or "throughput"
            yield title, label, [value * (factor or 1) for fork in metric["rawData"] for value in fork]


def main():
    readers = {"hyperfine": hyperfine, "google-benchmark": google_benchmark, "pytest-benchmark": pytest_benchmark, "go": go,
               "pyperf": pyperf, "jmh": jmh}
    files = [(reader, path) for folder, reader in readers.items() for path in sorted((ROOT / folder).iterdir())]
    files += [(asv, path) for folder in ("asv", "asv-2") for path in sorted((ROOT / folder).glob("*/*.json"))
              if path.name != "machine.json"]
    files.append((criterion, ROOT / "criterion"))
    for reader, path in files:
        for name, metric, figures in reader(path):
            samples, median = figures if isinstance(figures, tuple) else (len(figures), statistics.median(figures))
            print(path.relative_to(ROOT), name, metric, samples, repr(float(median)), sep="\t")


if __name__ == "__main__":
    main()
