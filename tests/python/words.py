# SPDX-License-Identifier: Apache-2.0
"""Small texts and ratings that follow a rule, and the command line."""
import os
import random
import subprocess

SMALL_LM = dict(embedding=16, hidden=24, layers=1, length=12, batch_size=4, seed=3, threads=1)
SMALL_LM_LINE = ["--embedding", "16", "--hidden", "24", "--layers", "1", "--bptt", "12", "--batch-size", "4", "--seed", "3", "--threads", "1"]


def reviews(count=240):
    """[(text, label)]: one word decides."""
    draw = random.Random(4)
    words = ["the", "film", "was", "long", "and", "quite", "a", "story"]
    out = []
    for _ in range(count):
        good = draw.random() < 0.5
        text = [draw.choice(words) for _ in range(8)]
        text.insert(draw.randrange(8), "wonderful" if good else "dreadful")
        out.append((" ".join(text), "positive" if good else "negative"))
    return out


def ratings(users=40, items=20):
    """[(user, item, rating)]: even users like even items."""
    draw = random.Random(6)
    out = []
    for user in range(users):
        for item in draw.sample(range(items), 12):
            out.append((f"u{user}", f"i{item}", (4.5 if user % 2 == item % 2 else 1.5) + draw.choice([-0.5, 0, 0.5])))
    draw.shuffle(out)
    return out


def write_table(path, names, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for row in rows:
            file.write(",".join(str(value) for value in row) + "\n")
    return path


def columns(names, rows):
    return {name: list(values) for name, values in zip(names, zip(*rows))}


def command_line(test, *words):
    """Runs the program; skips the test where there is none."""
    program = os.environ.get("BURNISH_PROGRAM", "")
    if not os.path.exists(program):
        test.skipTest("no BURNISH_PROGRAM")
    return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout


def tensors_of(folder):
    """Bytes of the model's tensors, without its header, which names the source."""
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        file.seek(int.from_bytes(file.read(8), "little"), os.SEEK_CUR)
        return file.read()


def same_file(test, one, other, name="model.safetensors"):
    with open(os.path.join(one, name), "rb") as first, open(os.path.join(other, name), "rb") as second:
        test.assertEqual(first.read(), second.read(), name)
