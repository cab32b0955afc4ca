"""Copy a folder of records without what the Challenge's hidden data lack."""

import argparse
import shutil
import sys

from helper_code import *


def get_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Remove the hidden data from records.")
    parser.add_argument("-i", "--input_folder", type=str, required=True)
    parser.add_argument("-o", "--output_folder", type=str, required=True)
    parser.add_argument("-w", "--include_waveforms", action="store_true")
    parser.add_argument("-l", "--include_labels", action="store_true")
    parser.add_argument("-m", "--include_images", action="store_true")
    return parser


def run(args):
    """Hide the data of each record below the input folder."""
    is_in_place = os.path.abspath(args.input_folder) == os.path.abspath(args.output_folder)
    kept_comments = [substring_labels] if args.include_labels else []
    kept_comments += [substring_images] if args.include_images else []

    for record in find_records(args.input_folder):
        input_record = os.path.join(args.input_folder, record)
        output_record = os.path.join(args.output_folder, record)
        input_folder, output_folder = os.path.dirname(input_record), os.path.dirname(output_record)

        header = load_header(input_record)
        os.makedirs(output_folder, exist_ok=True)
        save_header(output_record, hide_header(header, kept_comments))

        signal_files = get_signal_files_from_header(header)
        if args.include_waveforms and not is_in_place:
            copy_files(input_folder, output_folder, signal_files)
        elif is_in_place and not args.include_waveforms:
            remove_files(output_folder, signal_files)

        if args.include_images:
            image_files = get_image_files_from_header(header)
            if not is_in_place:
                copy_files(input_folder, output_folder, image_files)


def hide_header(header, kept_comments):
    """Return a header without times, initial values, checksums, block sizes and most comments."""
    record_line, *lines = header.split("\n")
    n_signals = get_num_signals(header)
    hidden = [" ".join(record_line.split(" ")[:4])]
    for line in lines[:n_signals]:
        items = line.split(" ")
        hidden.append(" ".join([*items[:5], "", "", "", items[8]]))
    hidden += [line for line in lines[n_signals:] if line.startswith(tuple(kept_comments))]
    return "\n".join(hidden) + "\n"


def copy_files(input_folder, output_folder, names):
    """Copy the files that exist."""
    for name in names:
        path = os.path.join(input_folder, name)
        if os.path.isfile(path):
            shutil.copy2(path, os.path.join(output_folder, name))


def remove_files(folder, names):
    """Remove the files that exist."""
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            os.remove(path)


if __name__ == "__main__":
    run(get_parser().parse_args(sys.argv[1:]))
