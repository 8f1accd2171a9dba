# SPDX-License-Identifier: Apache-2.0
"""The sets of pictures that the practices are measured on, made of links into $BURNISH_DATA/images.

    ants_bees           as it is: 244 photos to train, 153 to validate
    spiders_scorpions   as it is: 240 and 94; nearly solved by the pretrained features
    flowers17           20 of each of 17 classes to train, 20 to validate: 340 and 340; training pictures that
                        burnish data check finds among the validation pictures too (30 of them) are never taken
    flowers17_whole     all of it: 1,020 and 340
    cifar10             200 of each of 10 classes to train, 100 to validate
    cifar10_whole       800 and 100: all of the sample
"""
import os
import shutil
import zipfile

from . import bench

FLOWERS, CIFAR = 20, 200
SIZES = {"ants_bees": "244 + 153", "spiders_scorpions": "240 + 94", "flowers17": "340 + 340",
         "flowers17_whole": "1,020 + 340", "cifar10": "2,000 + 1,000", "cifar10_whole": "8,000 + 1,000"}


class Missing(Exception):
    """Data that are not there."""


def images():
    root = os.environ.get("BURNISH_DATA")
    if not root:
        raise Missing("BURNISH_DATA is not set: the folder that holds images/ants_bees, images/spiders_scorpions, "
                      "images/flowers17 (each train/CLASS and valid/CLASS) and images/cifar10_sample.zip")
    return os.path.join(os.path.abspath(root), "images")


def present(path):
    if not os.path.exists(path):
        raise Missing("BURNISH_DATA has no %s" % os.path.relpath(path, os.path.dirname(images())))
    return path


def files(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def link_some(source, target, count, leave_out=()):
    """Links to the first `count` pictures of each class folder."""
    for name in sorted(os.listdir(source)):
        os.makedirs(os.path.join(target, name))
        taken = 0
        for path in files(os.path.join(source, name)):
            if taken < count and os.path.realpath(path) not in leave_out:
                os.symlink(path, os.path.join(target, name, os.path.basename(path)))
                taken += 1


def make_flowers(target):
    source = present(os.path.join(images(), "flowers17"))
    found = bench.events([bench.program(), "data", "check", source, "--kinds", "leak", "--json"])
    leaks = {os.path.realpath(os.path.join(source, event["partner"])) for event in found if event["event"] == "file"}
    link_some(os.path.join(source, "train"), os.path.join(target, "train"), FLOWERS, leaks)
    os.symlink(os.path.join(source, "valid"), os.path.join(target, "valid"))


def unpacked_cifar():
    return made("cifar10_sample", unpack_cifar)


def unpack_cifar(target):
    with zipfile.ZipFile(present(os.path.join(images(), "cifar10_sample.zip"))) as file:
        file.extractall(target)


def make_cifar(target):
    source = os.path.join(unpacked_cifar(), "cifar10")
    link_some(os.path.join(source, "train"), os.path.join(target, "train"), CIFAR)
    os.symlink(os.path.join(source, "valid"), os.path.join(target, "valid"))


def made(name, make):
    """build/practices/sets/NAME, made whole or not at all."""
    target = os.path.abspath(os.path.join(bench.FOLDER, "sets", name))
    if not os.path.isdir(target):
        begun = target + ".part"
        shutil.rmtree(begun, ignore_errors=True)
        os.makedirs(begun)
        make(begun)
        os.rename(begun, target)
    return target


def folder(name):
    """Where a set lies; Missing says what is not there."""
    if name == "flowers17":
        return made(name, make_flowers)
    if name == "flowers17_whole":
        return present(os.path.join(images(), "flowers17"))
    if name == "cifar10":
        return made(name, make_cifar)
    if name == "cifar10_whole":
        return os.path.join(unpacked_cifar(), "cifar10")
    return present(os.path.join(images(), name))
