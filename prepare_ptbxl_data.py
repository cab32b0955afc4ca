"""Write demographics and the Challenge's labels into the headers of PTB-XL records.

The labels come from two tables about each recording: the cardiologists' codes in PTB-XL, and the
12SL program's statements in PTB-XL+, which tell a recent infarction from an old one.
"""

import argparse
import ast
import csv
import shutil
import sys
from datetime import datetime

from helper_code import *

# 12SL statements about an acute myocardial infarction.
ACUTE_MI_STATEMENTS = {821, 822, 823, 827, 829, 902, 903, 904, 963, 964, 965, 966, 967, 968}

# Challenge label -> PTB-XL codes, in the order in which labels are written after the superclasses.
LABEL_CODES = {
    "PAC": {"PAC"},
    "PVC": {"PVC"},
    "AFIB/AFL": {"AFIB", "AFLT"},
    "TACHY": {"STACH", "SVTAC", "PSVT"},
    "BRADY": {"SBRAD"},
}

MAX_AGE = 89  # years; PTB-XL has 300 for any age above
TOP_AGE = 90  # what stands for them, as in the Challenge's hidden data
WRITTEN_COMMENTS = ("# Age:", "# Sex:", "# Height:", "# Weight:", substring_labels)


def get_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Add demographics and labels to PTB-XL headers.")
    parser.add_argument("-i", "--input_folder", type=str, required=True)
    parser.add_argument("-pd", "--ptbxl_database_file", type=str, required=True)
    parser.add_argument("-pm", "--ptbxl_mapping_file", type=str, required=True)
    parser.add_argument("-sd", "--sl_database_file", type=str, required=True)
    parser.add_argument("-sm", "--sl_mapping_file", type=str, required=True)
    parser.add_argument("-o", "--output_folder", type=str, required=True)
    return parser


def run(args):
    """Prepare each record below the input folder."""
    is_in_place = os.path.abspath(args.input_folder) == os.path.abspath(args.output_folder)
    patients = {int(row["ecg_id"]): row for row in read_table(args.ptbxl_database_file)}
    superclasses = read_superclasses(args.ptbxl_mapping_file)
    statements = {
        int(row["ecg_id"]): row["statements"] for row in read_table(args.sl_database_file)
    }
    acute_acronyms = read_acute_acronyms(args.sl_mapping_file)

    for record in find_records(args.input_folder):
        input_record = os.path.join(args.input_folder, record)
        output_record = os.path.join(args.output_folder, record)
        input_folder, output_folder = os.path.dirname(input_record), os.path.dirname(output_record)

        ecg_id = int(os.path.basename(record).split("_")[0])
        patient = patients[ecg_id]
        # The organisers look for the acronym anywhere in the text, inside longer ones too.
        is_acute = any(acronym in statements.get(ecg_id, "") for acronym in acute_acronyms)
        labels = choose_labels(ast.literal_eval(patient["scp_codes"]), superclasses, is_acute)

        header = load_header(input_record)
        os.makedirs(output_folder, exist_ok=True)
        save_header(output_record, prepare_header(header, patient, labels))
        if not is_in_place:
            for name in get_signal_files_from_header(header):
                shutil.copy2(os.path.join(input_folder, name), os.path.join(output_folder, name))


def read_table(path):
    """Return the rows of a CSV file with a header line, as dicts of text."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def read_superclasses(path):
    """Return the diagnostic superclass of each PTB-XL code that has one."""
    rows = read_table(path)
    code = next(iter(rows[0]))  # the first column has no name
    return {
        row[code]: row["diagnostic_class"]
        for row in rows
        if is_number(row["diagnostic"]) and float(row["diagnostic"]) == 1
    }


def read_acute_acronyms(path):
    """Return the acronyms of the 12SL statements about an acute infarction."""
    rows = read_table(path)
    return {
        row["Acronym"]
        for row in rows
        if row["Acronym"]
        and is_integer(row["StatementNumber"])
        and int(float(row["StatementNumber"])) in ACUTE_MI_STATEMENTS
    }


def choose_labels(codes, superclasses, is_acute):
    """Return the Challenge's labels for PTB-XL codes, whatever their likelihood.

    Parameters
    ----------
    codes : iterable of str
        A code with likelihood 0 counts, as it did for the organisers.
    superclasses : dict of str to str
    is_acute : bool
        Whether 12SL saw an acute infarction; then an infarction among the codes is not an old one.
    """
    codes = set(codes)
    found = {superclasses[code] for code in codes if code in superclasses}
    labels = {
        "NORM": "NORM" in found,
        "Acute MI": is_acute,
        "Old MI": "MI" in found and not is_acute,
        "STTC": "STTC" in found,
        "CD": "CD" in found,
        "HYP": "HYP" in found,
    }
    labels |= {label: bool(codes & named) for label, named in LABEL_CODES.items()}
    return [label for label, is_present in labels.items() if is_present]


def prepare_header(header, patient, labels):
    """Return a header with time and date, demographics and labels; other comments stay."""
    record_line, *lines = header.split("\n")
    recorded = datetime.fromisoformat(patient["recording_date"])
    signal_lines = [line for line in lines if line.strip() and not line.startswith("#")]
    comments = [line for line in lines if line.startswith("#")]
    prepared = [
        " ".join([*record_line.split(" ")[:4], f"{recorded:%H:%M:%S}", f"{recorded:%d/%m/%Y}"]),
        *signal_lines,
        *(line for line in comments if not line.startswith(WRITTEN_COMMENTS)),
        f"# Age: {format_age(patient['age'])}",
        f"# Sex: {format_sex(patient['sex'])}",
        f"# Height: {format_number(patient['height'])}",
        f"# Weight: {format_number(patient['weight'])}",
        f"{substring_labels} {', '.join(labels)}",
    ]
    return "\n".join(prepared) + "\n"


def format_number(text):
    """Return a number as the headers have it: no zero fraction, and ``Unknown`` for a blank."""
    return str(cast_int_float_unknown(float(text or "nan")))


def format_age(text):
    """Return an age in years, as the headers have it."""
    return str(TOP_AGE) if text and float(text) > MAX_AGE else format_number(text)


def format_sex(text):
    """Return the sex, as the headers have it."""
    return {"0": "Male", "1": "Female"}.get(format_number(text), "Unknown")


if __name__ == "__main__":
    run(get_parser().parse_args(sys.argv[1:]))
