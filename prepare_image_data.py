"""Write the names of each record's images into its header."""

import argparse
import shutil
import sys
from collections import defaultdict

from helper_code import *

IMAGE_EXTENSIONS = {".png", ".jpg", ".jpeg"}


def get_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Add the image files to the headers.")
    parser.add_argument("-i", "--input_folder", type=str, required=True)
    parser.add_argument("-o", "--output_folder", type=str, required=True)
    return parser


def run(args):
    """Name the images in the header of each record below the input folder."""
    is_in_place = os.path.abspath(args.input_folder) == os.path.abspath(args.output_folder)
    images_by_record = find_images(args.input_folder)

    for record in find_records(args.input_folder):
        input_record = os.path.join(args.input_folder, record)
        output_record = os.path.join(args.output_folder, record)
        input_folder, output_folder = os.path.dirname(input_record), os.path.dirname(output_record)

        header = load_header(input_record)
        images = sort_images(images_by_record[record])
        os.makedirs(output_folder, exist_ok=True)
        save_header(output_record, add_images(header, images))
        if not is_in_place:
            for name in get_signal_files_from_header(header) + images:
                path = os.path.join(input_folder, name)
                if os.path.isfile(path):
                    shutil.copy2(path, os.path.join(output_folder, name))


def find_images(folder):
    """Return the image names of each record: what precedes the last hyphen names the record."""
    images = defaultdict(list)
    for root, _, names in os.walk(folder):
        for name in names:
            stem, extension = os.path.splitext(name)
            if extension in IMAGE_EXTENSIONS and "-" in stem:
                record = os.path.join(root, stem.rpartition("-")[0])
                images[os.path.relpath(record, folder)].append(name)
    return images


def sort_images(names):
    """Sort images by the number after the last hyphen, or by name unless all have a number."""
    suffixes = {name: os.path.splitext(name)[0].rpartition("-")[2] for name in names}
    if all(is_finite_number(suffix) for suffix in suffixes.values()):
        return sorted(names, key=lambda name: (float(suffixes[name]), name))
    return sorted(names)


def add_images(header, images):
    """Return a header whose last line, and no other, names the images."""
    lines = [line for line in header.split("\n") if line and not line.startswith(substring_images)]
    return "\n".join([*lines, f"{substring_images} {', '.join(images)}"]) + "\n"


if __name__ == "__main__":
    run(get_parser().parse_args(sys.argv[1:]))
