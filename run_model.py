"""Digitize and classify a folder of records: the Challenge's second command.

A record whose header lets no signal be saved ends the organisers' script. Here it costs itself: its
labels are saved, the others are run, and then it is named and the exit status is 1, or 0 with -f.
"""

import argparse
import sys

from ecgpaper.errors import EcgPaperError, OutputError, RecordError
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
    """Run the models on each record of the data folder and save what they return.

    Raises
    ------
    OutputError
        Before the first record, if the output folder cannot be written.
    RecordError
        In the end, unless failures are allowed, if a header let no signal be saved.
    """
    check_output_folder(args.output_folder)
    if args.verbose:
        print("Loading the models...")
    digitization_model, classification_model = load_models(args.model_folder, args.verbose)

    if args.verbose:
        print("Finding the records...")
    records = find_records(args.data_folder)
    if not records:
        raise Exception(f"no record was found in {args.data_folder}")
    make_output_folder(args.output_folder)

    if args.verbose:
        print("Running the models...")
    problems = run_records(args, records, digitization_model, classification_model)
    # A team that does not digitize needs no header that can hold signals.
    if digitization_model is not None:
        report_problems(problems, args.allow_failures)
    if args.verbose:
        print("Done.")


def run_records(args, records, digitization_model, classification_model):
    """Run the models on each record; return what is wrong with its header, None if nothing is."""
    problems = {}
    for number, record in enumerate(records, start=1):
        if args.verbose:
            print(f"- {number:>{len(str(len(records)))}}/{len(records)}: {record}...")
        signals, labels = run_record(args, record, digitization_model, classification_model)
        # Outside the handler on purpose: what cannot be saved is a bug, not a hard image.
        problems[record] = save_record(args, record, signals, labels)
    return problems


def check_output_folder(folder):
    """Raise OutputError unless a folder can be written, or made in the first one that exists."""
    existing = os.path.abspath(folder)
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing) or not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(
            f"expected an output folder that can be made and written; got {folder}, but "
            f"{existing} is no folder or is read-only: choose another one with -o"
        )


def make_output_folder(folder):
    """Make the output folder; raise OutputError if that is not possible."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"expected an output folder that can be made; {error}: choose another one with -o"
        ) from error


def report_problems(problems, allow_failures):
    """Name the records, out of all, that were saved without signals because of their headers."""
    found = [f"{name}: {problem}" for name, problem in problems.items() if problem is not None]
    if not found:
        return
    summary = (
        f"{len(found)} of {len(problems)} records are saved without signals, because none can be "
        "saved under their headers; correct these and run again:"
    )
    message = "\n".join([summary, *found])
    if not allow_failures:
        raise RecordError(message)
    print(message, file=sys.stderr)


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
    """Write the header of a record and, if there are any, its signals and its labels.

    Returns
    -------
    str or None
        Why no signal can be saved under the header; then none is.
    """
    output_record = os.path.join(args.output_folder, record)
    os.makedirs(os.path.dirname(output_record), exist_ok=True)
    input_record = os.path.join(args.data_folder, record)
    try:
        header = load_header(input_record)
    except OSError as error:
        return str(error)
    save_header(output_record, header)
    if signals is None:
        problem = find_header_problem(input_record)
    else:
        problem = try_to_save(input_record, output_record, signals)
    if problem is not None:
        # A failed save may have left another header, and labels need a line of their own.
        save_header(output_record, header.rstrip("\n") + "\n")
    if labels is not None:
        save_labels(output_record, labels)
    return problem


def try_to_save(input_record, output_record, signals):
    """Save signals; return why the header does not let any be saved, None if they are."""
    header = load_header(input_record)
    comments = [line for line in header.split("\n") if line.startswith("#")]
    try:
        save_signals(output_record, signals, comments)
    except Exception:  # of any type: wfdb has many
        problem = find_header_problem(input_record)
        if problem is None:
            raise
        return problem
    return None


if __name__ == "__main__":
    try:
        run(get_parser().parse_args(sys.argv[1:]))
    except EcgPaperError as error:  # it says all there is to say: no traceback
        sys.exit(f"{type(error).__name__}: {error}")
