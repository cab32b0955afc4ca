"""Records on disk, their headers, and the metrics, under the names that the Challenge gave them.

The Challenge's scripts and team_code.py import everything from here with a star, and so may code
written for the organisers' file of this name; hence no ``__all__``, and hence the modules imported
below stay visible even where this file does not need them.
"""

import os
import sys
import tempfile

import numpy as np
import scipy as sp
import wfdb
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from ecgpaper import score
from ecgpaper.files.records.challenge import decode_header, read_header, split_signal_line
from ecgpaper.score import is_nan

substring_labels = "# Labels:"
substring_images = "# Image:"

# --- records and files ---


def find_records(folder):
    """Return the sorted relative paths, without extension, of all headers below a folder."""
    records = set()
    for root, _, names in os.walk(folder):
        for name in names:
            stem, extension = os.path.splitext(name)
            if extension == ".hea":
                records.add(os.path.relpath(os.path.join(root, stem), folder))
    return sorted(records)


def load_header(record):
    """Return the text of a record's header."""
    return load_text(get_header_file(record))


def load_signals(record):
    """Read a record's signal, or return ``(None, None)`` when a file of it is missing.

    Returns
    -------
    signal : ndarray of shape (n_samples, n_signals), in physical units
    fields : dict
        ``fs``, ``units``, ``sig_name``, ``comments`` and more, from `wfdb.rdsamp`.
    """
    folder = os.path.dirname(record)
    signal_files = get_signal_files(record)
    if signal_files and all(os.path.isfile(os.path.join(folder, name)) for name in signal_files):
        signal, fields = wfdb.rdsamp(record)
        return signal, fields
    return None, None


def load_images(record):
    """Open a record's images, in header order; names without a file are left out."""
    from PIL import Image  # noqa: PLC0415 - only this function needs it

    folder = os.path.dirname(record)
    paths = [os.path.join(folder, name) for name in get_image_files(record)]
    return [Image.open(path) for path in paths if os.path.isfile(path)]


def load_labels(record):
    """Return the labels in a record's header."""
    return get_labels_from_header(load_header(record))


def save_header(record, header):
    """Write a record's header, as it is."""
    save_text(get_header_file(record), header)


def save_signals(record, signal, comments=()):
    """Write a signal in the format that the header already at the record describes.

    The header is written anew: length, checksums and comments fit the signal afterwards.

    Parameters
    ----------
    record : str
        Output record; its header must exist.
    signal : ndarray of shape (n_samples, n_signals), float, in physical units
        NaN for a missing sample.
    comments : iterable of str
        Comment lines, with or without their number sign.
    """
    fields = _fields_to_save(load_header(record))
    folder, name = os.path.split(record)
    wfdb.wrsamp(
        name,
        p_signal=signal,
        comments=[comment.replace("#", "").strip() for comment in comments],
        write_dir=folder,
        **fields,
    )


def find_header_problem(record):
    """Return why no signal, not even one sample of 0, fits a record's header; None if one does."""
    header = load_header(record)
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        copy = os.path.join(folder, os.path.basename(record))
        try:
            read_header(record)
            save_header(copy, header)
            save_signals(copy, np.zeros((1, len(_fields_to_save(header)["units"]))))
        except Exception as error:  # noqa: BLE001 - wfdb raises this type, too
            return f"{type(error).__name__}: {error}"
    return None


def _fields_to_save(header):
    """Return what a header says about how signals are stored, as `wfdb.wrsamp` takes it."""
    try:
        return _plain_fields(header)
    except (IndexError, TypeError, ValueError):
        return _plain_fields(respell_header(header))


def _plain_fields(header):
    fs, formats = get_sampling_frequency(header), get_signal_formats(header)
    if fs is None or not all(formats):
        raise ValueError(f"expected a sampling frequency and formats; got {fs} and {formats}")
    return {
        "fs": fs,
        "units": get_signal_units(header),
        "sig_name": get_signal_names(header),
        "fmt": formats,
        "adc_gain": get_adc_gains(header),
        "baseline": get_baselines(header),
    }


def respell_header(string):
    """Write a header so that the functions below, which count single blanks, understand it.

    Blank lines and blanks too many go, comments move below the signals. What the organisers' code
    reads needs none of this; theirs stops at what does.
    """
    lines = [line.strip().lstrip("\ufeff") for line in string.split("\n")]
    comments = [line for line in lines if line.startswith("#")]
    record_line, *signal_lines = [line for line in lines if line and line not in comments] or [""]
    signal_lines = [" ".join(split_signal_line(line)) for line in signal_lines]
    return "\n".join([" ".join(record_line.split()), *signal_lines, *comments]) + "\n"


def save_labels(record, labels):
    """Append a line of labels to a record's header and return the new header."""
    header = load_header(record) + f"{substring_labels} {', '.join(labels)}\n"
    save_header(record, header)
    return header


def load_text(filename):
    """Return the content of a text file; one in another encoding is read as a header may be."""
    try:
        with open(filename) as file:
            return file.read()
    except UnicodeDecodeError:
        with open(filename, "rb") as file:
            return decode_header(file.read())


def save_text(filename, string):
    """Write a text file."""
    with open(filename, "w") as file:
        file.write(string)


def get_header_file(record):
    """Return the path of a record's header."""
    return record if record.endswith(".hea") else record + ".hea"


def get_signal_files(record):
    """Return the names of a record's signal files; none when there is no header."""
    header_file = get_header_file(record)
    if not os.path.isfile(header_file):
        return []
    return get_signal_files_from_header(load_text(header_file))


def get_image_files(record):
    """Return the names of a record's images; none when there is no header."""
    header_file = get_header_file(record)
    if not os.path.isfile(header_file):
        return []
    return get_image_files_from_header(load_text(header_file))


# --- variables in the comments of a header ---


def get_variable(string, variable_name):
    """Return the value after a name that starts a line, the last one, and whether it is there."""
    values = _values(string, variable_name)
    return (values[-1], True) if values else ("", False)


def get_variables(string, variable_name, sep=","):
    """Return the separated values after a name, of all its lines, and whether it is there."""
    values = _values(string, variable_name)
    return [part.strip() for value in values for part in value.split(sep)], bool(values)


def _values(string, variable_name):
    lines = (line for line in string.split("\n") if line.startswith(variable_name))
    return [line[len(variable_name) :].strip() for line in lines]


def get_signal_files_from_header(string):
    """Return the different signal files that a header names, in order."""
    lines = string.split("\n")
    names = {}
    for line in lines[1 : 1 + int(lines[0].split(" ")[1])]:
        if line.startswith("#"):
            break
        names[line.split(" ")[0]] = None
    return list(names)


def get_image_files_from_header(string):
    """Return the images that a header names."""
    return _required_variables(string, substring_images, "images")


def get_labels_from_header(string):
    """Return the labels that a header names."""
    return _required_variables(string, substring_labels, "labels")


def _required_variables(string, variable_name, what):
    values, is_there = get_variables(string, variable_name)
    if not is_there:
        # The Challenge's contract: code that copes with a lack of labels catches Exception.
        raise Exception(f"the header names no {what}: it has no line {variable_name!r}")
    return values


# --- fields of a header ---


def _record_item(string, item):
    return string.split("\n")[0].split(" ")[item]


def _signal_items(string, item):
    lines = string.split("\n")[1 : 1 + get_num_signals(string)]
    return [line.split(" ")[item] for line in lines]


def get_record_name(string):
    """Return the name of the record."""
    return _record_item(string, 0).split("/")[0]


def get_num_signals(string):
    """Return the number of signals, None when it is not an integer."""
    item = _record_item(string, 1)
    return int(item) if is_integer(item) else None


def get_sampling_frequency(string):
    """Return the sampling frequency in Hz, None when it is not a number."""
    item = _record_item(string, 2).split("/")[0]
    return float(item) if is_number(item) else None


def get_num_samples(string):
    """Return the number of samples per signal, None when it is not an integer."""
    item = _record_item(string, 3)
    return int(item) if is_integer(item) else None


def get_signal_formats(string):
    """Return the storage format of each signal."""
    formats = _signal_items(string, 1)
    for mark in "x:+":  # samples per frame, skew and byte offset follow these
        formats = [item.split(mark)[0] for item in formats]
    return formats


def get_adc_gains(string):
    """Return the gain of each signal, in ADC units per physical unit."""
    return [float(_gain_and_baseline(item)[0]) for item in _signal_items(string, 2)]


def get_baselines(string):
    """Return the digital value of 0 physical units for each signal: the ADC zero unless stated."""
    stated = [_gain_and_baseline(item)[1] for item in _signal_items(string, 2)]
    adc_zeros = _signal_items(string, 4)
    both = zip(stated, adc_zeros, strict=True)
    return [int(zero if own is None else own) for own, zero in both]


def _gain_and_baseline(item):
    """Split ``1000(3)/mV``; without both parentheses the baseline is None, and all is the gain."""
    stated = item.split("/")[0]
    if "(" not in stated or ")" not in stated:
        return stated, None
    return stated.split("(")[0], stated.split("(")[1].split(")")[0]


def get_signal_units(string):
    """Return the physical unit of each signal, mV unless stated."""
    return [item.split("/")[1] if "/" in item else "mV" for item in _signal_items(string, 2)]


def get_adc_resolutions(string):
    """Return the bits of each signal's ADC."""
    return [int(item) for item in _signal_items(string, 3)]


def get_adc_zeros(string):
    """Return the ADC zero of each signal."""
    return [int(item) for item in _signal_items(string, 4)]


def get_initial_values(string):
    """Return the first digital value of each signal; hidden headers have none."""
    return [int(item) for item in _signal_items(string, 5)]


def get_checksums(string):
    """Return the checksum of each signal; hidden headers have none."""
    return [int(item) for item in _signal_items(string, 6)]


def get_block_sizes(string):
    """Return the block size of each signal; hidden headers have none."""
    return [int(item) for item in _signal_items(string, 7)]


def get_signal_names(string):
    """Return the name of each signal."""
    return [item.strip() for item in _signal_items(string, 8)]


# --- numbers ---


def is_number(x):
    """Tell whether a value is, or spells, a number; NaN and infinity are numbers here."""
    try:
        float(x)
    except (TypeError, ValueError):
        return False
    return True


def is_integer(x):
    """Tell whether a value is, or spells, a number without a fraction."""
    return is_number(x) and float(x).is_integer()


def is_finite_number(x):
    """Tell whether a value is, or spells, a finite number."""
    return is_number(x) and bool(np.isfinite(float(x)))


def cast_int_float_unknown(x):
    """Return an int if there is no fraction, else a float; ``"Unknown"`` if not finite."""
    if is_integer(x):
        return int(x)
    if is_finite_number(x):
        return float(x)
    if is_number(x):
        return "Unknown"
    raise NotImplementedError(f"expected a number, to write it as text; got {x!r}")


def compute_one_hot_encoding(data, classes):
    """Return which classes each record has, as a bool array of shape (n_records, n_classes)."""
    return score.encode_one_hot(data, classes)


# --- evaluation: each metric lives in ecgpaper.score ---


def compute_one_vs_rest_confusion_matrix(labels, outputs, classes):
    """Return ``[[TP, FP], [FN, TN]]`` of each class for one-hot labels and outputs."""
    matrices = score.confusion_matrices(labels, outputs)
    if len(matrices) != len(classes):
        raise AssertionError(f"expected one column per class; got {len(matrices)}, {len(classes)}")
    return matrices


def compute_f_measure(labels, outputs):
    """Return the macro F-measure, that of each class, and the classes."""
    return score.f_measure(labels, outputs)


def normalize_names(names_ref, names_est):
    """Return the estimate's names as the reference spells them; others are dropped."""
    spelling = {name.casefold(): name for name in reversed(names_ref)}  # the first one counts
    return [spelling[name.casefold()] for name in names_est if name.casefold() in spelling]


def reorder_signal(input_signal, input_channels, output_channels):
    """Put channels into another order by name, whatever the case of the letters.

    An output channel that the input lacks is dropped, so that later ones move left.

    Parameters
    ----------
    input_signal : array_like of shape (n_samples, n_input)
    input_channels, output_channels : list of str
        Without duplicates.
    """
    for channels in (input_channels, output_channels):
        if len(set(channels)) != len(channels):
            raise AssertionError(f"channel names must differ from each other; got {channels}")
    if input_channels == output_channels:
        return input_signal
    names = normalize_names(input_channels, output_channels)
    return np.asarray(input_signal)[:, [input_channels.index(name) for name in names]]


def convert_signal(x, num_quant_levels, min_amp, max_amp, max_t):
    """Draw a signal as an image, one lit cell per finite sample.

    Returns
    -------
    ndarray of shape (num_quant_levels, max_t)
        Row 0 is the lowest amplitude; the column of a missing sample is empty.
    """
    x = np.asarray(x, dtype=float)
    column = np.flatnonzero(np.isfinite(x))
    image = np.zeros((num_quant_levels, max_t))
    image[score.quantize(x[column], min_amp, max_amp, num_quant_levels), column] = 1
    return image


def fft_correlate(A_ref, A_est):
    """Return the full 2-D cross-correlation of two images."""
    return fftconvolve(A_ref, A_est[::-1, ::-1], mode="full")


def align_signals(x_ref, x_est, num_quant_levels, smooth=True, sigma=0.5):
    """Undo the best shift of an estimate.

    Returns
    -------
    x_shifted : ndarray of shape (n_shifted,)
    offset_hz : int
        Shift in samples, above 0 for a late estimate.
    offset_vt : float
        Shift in physical units, above 0 for a high estimate.
    """
    return score.align(x_ref, x_est, n_levels=num_quant_levels, sigma=sigma if smooth else 0.0)


def compute_snr(x_ref, x_est, keep_nans=True, signal_median=False, noise_median=False):
    """Return the signal-to-noise ratio in dB and the powers of signal and noise."""
    return score.snr(
        x_ref,
        x_est,
        keep_nans=keep_nans,
        signal_average=np.median if signal_median else np.mean,
        noise_average=np.median if noise_median else np.mean,
    )


def compute_ks_metric(x_ref, x_est, keep_nans=True):
    """Return the Kolmogorov-Smirnov figure: 1 for equal cumulated signals."""
    return score.kolmogorov_smirnov(x_ref, x_est, keep_nans=keep_nans)


def compute_asci_metric(x_ref, x_est, beta=0.05, keep_nans=True):
    """Return the adaptive signed correlation index: 1 when all samples are close."""
    return score.asci(x_ref, x_est, beta=beta, keep_nans=keep_nans)


def compute_weighted_absolute_difference(x_ref, x_est, sampling_frequency, keep_nans=True):
    """Return the absolute difference, with less weight at the waves of the reference."""
    return score.weighted_absolute_difference(x_ref, x_est, sampling_frequency, keep_nans=keep_nans)
