# What `python3 -c` runs to become the process that forks the workers of maps with functions of Python. Everything that
# the modules of those functions need is as in the user's own program: interpreter, sys.path, main. It imports as little
# as can be, as each import is in the time of the first map.
#
# Its arguments: the path of the library _pricemap; "first", or "again" where modules are left to the workers to import;
# "host" where this is the host's own interpreter, else "own"; the number of the texts that follow about the host, 0 where
# it is no program of Python: its version, the name of its main module, the path of that (one of them, or neither), its
# sys.path; at last the functions, module:function each.
import os
import sys

if sys.version_info < (3, 8) or "t" in getattr(sys, "abiflags", ""):
    sys.exit(1)


def describe(error, words):
    text = str(error)
    return words + ": " + type(error).__name__ + (": " + text if text else "")


def set_path(own, host):
    path = host[3:]
    if own and path:
        sys.path[:] = path
        return
    # The current folder comes last, so that no file there stands in for an installed module. A host with another Python
    # has its modules there, and in folders that are not of one version.
    theirs = [folder for folder in path if folder and "/python2" not in folder and "/python3" not in folder]
    sys.path[:] = [folder for folder in sys.path if folder] + theirs + [""]


def import_main(name, path):
    # As multiprocessing does it for a spawned process: main runs under another name, so that what is under
    # `if __name__ == "__main__":` does not.
    from multiprocessing import spawn
    if name:
        spawn._fixup_main_from_name(name)
    elif os.path.isfile(path):
        spawn._fixup_main_from_path(path)
    else:
        raise ImportError("what was typed in has no file that a worker could import")


def import_all(modules, main):
    for module in modules:
        try:
            if module == "__main__":
                import_main(*main)
            else:
                __import__(module)
        except BaseException as error:
            return describe(error, "could not import " + module) + " (searched: " + ", ".join(
                folder or "the current folder" for folder in sys.path) + ")"
    return None


def list_files(before):
    # Files of the modules that were imported for the functions, but for those that are Python's own. The file of a module
    # that is in an archive is the archive.
    import hashlib
    standard = os.path.dirname(os.__file__) + os.sep
    entries = [(b"Python", os.fsencode(sys.executable), b"%d.%d.%d" % sys.version_info[:3])]
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        installed = isinstance(path, str) and ("site-packages" in path or "dist-packages" in path)
        if name in before or not isinstance(path, str) or (path.startswith(standard) and not installed):
            continue
        archive = getattr(getattr(getattr(module, "__spec__", None), "loader", None), "archive", path)
        try:
            with open(path if os.path.isfile(path) else archive, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
        except OSError as error:
            digest = describe(error, "not read")
        name = "__main__" if name == "__mp_main__" else name
        entries.append((os.fsencode(name), os.fsencode(path), digest.encode()))
    return b"".join(text + b"\0" for entry in sorted(entries) for text in entry)


def start():
    library, turn, whose, count = sys.argv[1:5]
    folder, again = library.rpartition("/")[0], turn == "again"
    host, functions = sys.argv[5:5 + int(count)], sys.argv[5 + int(count):]
    sys.path.insert(0, folder)
    import _pricemap
    sys.path.remove(folder)
    only_files = _pricemap.begin(again)

    # A library of numbers starts no threads of its own: each worker has one processor. C's environment and os.environ
    # both get it.
    for name in "OMP", "OPENBLAS", "MKL", "NUMEXPR":
        os.environ.setdefault(name + "_NUM_THREADS", "1")
    import _signal
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    version = "%d.%d" % sys.version_info[:2]
    set_path(whose == "host" or bool(host) and host[0] == version, host)
    sys.argv[:] = [host[2] if host and host[2] else ""]

    main = (host[1], host[2]) if host else ("", "")
    modules = sorted({function.partition(":")[0] for function in functions})
    if again:
        # Each worker imports for itself; what fails then is said where the function is looked for.
        os.register_at_fork(after_in_child=lambda: import_all(modules, main))
    else:
        before = set(sys.modules)
        refusal = import_all(modules, main)
        if refusal:
            _pricemap.refuse(refusal)
        if only_files:
            _pricemap.answer(list_files(before))
    if _pricemap.threads() > 1 and not again:
        # A process with threads cannot be forked: another one may hold a lock. So begin again without the modules.
        with open("/proc/self/cmdline", "rb") as file:
            words = file.read().split(b"\0")[:-1]
        words[4] = b"again"
        os.execv(words[0], words)
    if "numpy.random" in sys.modules:
        # numpy's generator would give the same numbers in each worker; that of random registers itself.
        os.register_at_fork(after_in_child=sys.modules["numpy.random"].seed)
    import gc
    gc.collect()
    gc.freeze()
    _pricemap.serve()


start()
