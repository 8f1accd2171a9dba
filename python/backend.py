# SPDX-License-Identifier: Apache-2.0
"""How pip builds the package (PEP 517): the library and the module by `make`'s build folder, and a wheel of them with
libdnnl beside them. It needs what `make` needs, and nothing of PyPI but oneDNN.

    pip install .                  # or: pip wheel --no-deps -w dist .
"""
import base64
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sysconfig
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "meson")
DYNAMIC, STRING_TABLE, RPATH, RUNPATH = 2, 5, 15, 29


def _version():
    with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
        return re.search(r"version: '([^']*)'", file.read())[1]


def _compile():
    """Only what goes into the wheel; what is built already is not built again."""
    subprocess.run(["make", "--silent", "build/meson/build.ninja"], cwd=ROOT, check=True)
    subprocess.run(["ninja", "-C", BUILD, "--quiet", f"libburnish.so.{_version()}", "_burnish.abi3.so"], cwd=ROOT, check=True)


def look_beside(path):
    """Libraries that an ELF file of 64 bits needs are looked for in its own folder first, wherever it lies: its run path
    becomes $ORIGIN, in place. Says which run path it had."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQQQ", data, offset + size * i) for i in range(count)]
    dynamic = next(one for one in segments if one[0] == DYNAMIC)
    entries = [struct.unpack_from("<QQ", data, dynamic[2] + 16 * i) for i in range(dynamic[5] // 16)]
    table = next(value for tag, value in entries if tag == STRING_TABLE)
    load = next(one for one in segments if one[0] == 1 and one[3] <= table < one[3] + one[5])
    value = next(value for tag, value in entries if tag in (RPATH, RUNPATH))
    start = table - load[3] + load[2] + value
    end = data.index(b"\0", start)
    old = bytes(data[start:end])
    new = b"$ORIGIN"
    if len(new) > len(old):
        raise RuntimeError(f"{path}: no room for a run path in {old!r}")
    data[start:end] = new + b"\0" * (len(old) - len(new))
    with open(path, "wb") as file:
        file.write(data)
    return old.decode()


def _collect(folder):
    """The package burnish in `folder`."""
    package = os.path.join(folder, "burnish")
    shutil.copytree(os.path.join(ROOT, "python", "burnish"), package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, source in (("_burnish.abi3.so", BUILD), ("libburnish.so.0", BUILD),
                         ("libdnnl.so.3", os.path.join(ROOT, "build", "onednn", "lib"))):
        path = os.path.join(package, name)
        shutil.copyfile(os.path.realpath(os.path.join(source, name)), path)
        os.chmod(path, 0o755)
        if source == BUILD:
            look_beside(path)
        subprocess.run(["strip", "--strip-debug", path], check=True)


def _describe(folder, tag):
    """burnish-VERSION.dist-info in `folder`."""
    place = os.path.join(folder, f"burnish-{_version()}.dist-info")
    os.makedirs(os.path.join(place, "licenses"))
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    with open(os.path.join(place, "METADATA"), "w", encoding="utf-8") as file:
        file.write(f"Metadata-Version: 2.1\nName: burnish\nVersion: {_version()}\nSummary: Practical deep learning in C, from Python\n"
                   "License: Apache-2.0\nRequires-Python: >=3.11\nRequires-Dist: numpy\n"
                   f"Description-Content-Type: text/markdown\n\n{readme}")
    with open(os.path.join(place, "WHEEL"), "w", encoding="utf-8") as file:
        file.write(f"Wheel-Version: 1.0\nGenerator: burnish\nRoot-Is-Purelib: false\nTag: {tag}\n")
    shutil.copyfile(os.path.join(ROOT, "LICENSE"), os.path.join(place, "licenses", "LICENSE"))
    shutil.copyfile(os.path.join(ROOT, "build", "onednn", "LICENSE"), os.path.join(place, "licenses", "LICENSE.onednn"))
    return place


def _pack(folder, info, path):
    """A wheel of all that is in `folder`, the same bytes for the same files."""
    names = sorted(os.path.relpath(os.path.join(place, name), folder) for place, _, files in os.walk(folder) for name in files)
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in [*names, f"{os.path.basename(info)}/RECORD"]:
            last = name.endswith(".dist-info/RECORD")
            if last:
                content = "".join(f"{line}\n" for line in [*record, f"{name},,"]).encode()
            else:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if ".so" in os.path.basename(name) else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(content)}")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _compile()
    tag = f"cp311-abi3-{re.sub('[-.]', '_', sysconfig.get_platform())}"
    name = f"burnish-{_version()}-{tag}.whl"
    with tempfile.TemporaryDirectory() as folder:
        _collect(folder)
        _pack(folder, _describe(folder, tag), os.path.join(wheel_directory, name))
    return name


def build_sdist(sdist_directory, config_settings=None):
    """The files that git knows."""
    stem = f"burnish-{_version()}"
    subprocess.run(["git", "archive", f"--prefix={stem}/", "-o", os.path.join(os.path.abspath(sdist_directory), f"{stem}.tar.gz"),
                    "HEAD"], cwd=ROOT, check=True)
    return f"{stem}.tar.gz"
