"""Digitize and classify a folder of records: the Challenge's second command."""

import argparse
import sys

from helper_code import *
from team_code import load_models, run_models


def get_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Run the trained Challenge models.")
    parser.add_argument("-d", "--data_folder", type=str, required=True)
    parser.add_argument("-m", "--model_folder", type=str, required=True)
    parser.add_argument("-o", "--output_folder", type=str, required=True)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-f", "--allow_failures", action="store_true")
    return parser


def run(args):
    """Run the models on each record of the data folder and save what they return."""
    if args.verbose:
        print("Loading the models...")
    digitization_model, classification_model = load_models(args.model_folder, args.verbose)

    if args.verbose:
        print("Finding the records...")
    records = find_records(args.data_folder)
    if not records:
        raise Exception(f"no record was found in {args.data_folder}")
    os.makedirs(args.output_folder, exist_ok=True)

    if args.verbose:
        print("Running the models...")
    for number, record in enumerate(records, start=1):
        if args.verbose:
            print(f"- {number:>{len(str(len(records)))}}/{len(records)}: {record}...")
        signals, labels = run_record(args, record, digitization_model, classification_model)
        # Outside the handler on purpose: what cannot be saved is a bug, not a hard image.
        save_record(args, record, signals, labels)

    if args.verbose:
        print("Done.")


def run_record(args, record, digitization_model, classification_model):
    """Return a record's signals and labels, None for both when it failed and that is allowed."""
    path = os.path.join(args.data_folder, record)
    try:
        # Unpacked in here: a return value of another length is a failure too.
        signals, labels = run_models(path, digitization_model, classification_model, args.verbose)
    except:  # the contract takes everything, a keyboard interrupt too
        if not args.allow_failures:
            raise
        if args.verbose:
            print("... failed.")
        return None, None
    return signals, labels


def save_record(args, record, signals, labels):
    """Write the header of a record and, if there are any, its signals and its labels."""
    output_record = os.path.join(args.output_folder, record)
    os.makedirs(os.path.dirname(output_record), exist_ok=True)
    header = load_header(os.path.join(args.data_folder, record))
    save_header(output_record, header)
    if signals is not None:
        comments = [line for line in header.split("\n") if line.startswith("#")]
        save_signals(output_record, signals, comments)
    if labels is not None:
        save_labels(output_record, labels)


if __name__ == "__main__":
    run(get_parser().parse_args(sys.argv[1:]))
