"""Score digitized signals and labels against references: the Challenge's evaluation command."""

import argparse
import sys
from collections import namedtuple

from joblib import Parallel, cpu_count, delayed
from tqdm import tqdm

from ecgpaper import score
from helper_code import *

# What one lead scores; median_snr is the ratio with both powers, see evaluate_model.
LeadScores = namedtuple("LeadScores", "snr median_snr ks asci weighted_difference")


def get_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Evaluate the Challenge models.")
    parser.add_argument("-d", "--folder_ref", type=str, required=True)
    parser.add_argument("-o", "--folder_est", type=str, required=True)
    parser.add_argument("-n", "--no_shift", action="store_true")
    parser.add_argument("-x", "--extra_scores", action="store_true")
    parser.add_argument("-s", "--summary_score_file", type=str)
    parser.add_argument("-ta", "--total_snr_file", type=str)
    parser.add_argument("-tb", "--total_f_measure_file", type=str)
    return parser


def evaluate_model(
    folder_ref,
    folder_est,
    no_shift=False,
    extra_scores=False,
    *,
    alignment="comp",
    n_jobs=-1,
):
    """Score a folder of estimated records against a folder of references.

    Parameters
    ----------
    folder_ref, folder_est : str
        Records with the same relative names; those without a reference are ignored.
    no_shift : bool
        Score the estimates where they are, without alignment.
    extra_scores : bool
        Compute the metrics besides SNR and F-measure; they are NaN otherwise.
    alignment : {"comp", "head"}
        The rule for early estimates: as in the published results, or as in the organisers' later
        version, which keeps only a part of them.
    n_jobs : int
        Processes; -1 for one per core.

    Returns
    -------
    snr, snr_median, ks, asci, weighted_absolute_difference : float
        Means over the leads of all records together. The second keeps a slip of the Challenge's
        scorer, because figures must compare: it is the mean over the ratio and both powers.
    macro_f : float
    snr_by_channel : dict of (record, channel) to float, in dB
    per_class_f : ndarray of shape (n_classes,)
    classes : list of str
    """
    records = find_records(folder_ref)
    if not records:
        raise FileNotFoundError(f"no record was found in {folder_ref}")

    options = {"no_shift": no_shift, "extra_scores": extra_scores, "alignment": alignment}
    jobs = (delayed(score_record)(folder_ref, folder_est, name, **options) for name in records)
    n_jobs = min(cpu_count() if n_jobs == -1 else n_jobs, len(records))
    results = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    # disable=None: progress on a terminal only.
    results = list(tqdm(results, total=len(records), unit="record", disable=None))

    leads = [
        (record, channel, scores)
        for record, (channels, _) in zip(records, results, strict=True)
        for channel, scores in channels
    ]
    # One missing record scores 0 dB; when all are missing, nobody tried.
    is_attempted = any(is_completed for _, is_completed in results)
    columns = zip(*(scores for *_, scores in leads), strict=True) if is_attempted else []
    means = [score.mean_of_finite(column) for column in columns] or [np.nan] * 5
    snr_by_channel = {(record, channel): scores.snr for record, channel, scores in leads}
    macro_f, per_class_f, classes = evaluate_labels(folder_ref, folder_est, records)
    return *means, macro_f, snr_by_channel, per_class_f, classes


def score_record(folder_ref, folder_est, record, *, no_shift, extra_scores, alignment):
    """Score the leads of one record.

    Returns
    -------
    channels : list of (str, LeadScores)
        Empty when the reference has no signal.
    is_completed : bool
        Whether the estimate has a signal; one that is missing scores as not recovered.
    """
    ref, fields_ref = load_signals(os.path.join(folder_ref, record))
    if ref is None:
        return [], False
    est, fields_est = load_signals(os.path.join(folder_est, record))
    is_completed = est is not None
    names = fields_ref["sig_name"]
    if is_completed:
        check_fields(record, fields_ref, fields_est)
        est = reorder_signal(est, fields_est["sig_name"], names)
        check_channels(record, names, fields_est["sig_name"])
    else:
        est = np.full(ref.shape, np.nan)

    fs = fields_ref["fs"]
    channels = []
    for column, name in enumerate(names):
        lead_ref, lead_est = ref[:, column], est[:, column]
        if not no_shift:
            lead_est = score.align_within_limits(lead_ref, lead_est, fs, alignment=alignment)
        channels.append((name, score_lead(lead_ref, lead_est, fs, extra_scores=extra_scores)))
    return channels, is_completed


def check_fields(record, fields_ref, fields_est):
    """Raise AssertionError unless an estimate has its reference's sampling frequency and units."""
    for field in ("fs", "units"):
        if fields_ref[field] != fields_est[field]:
            raise AssertionError(
                f"{record}: the estimate must have the reference's {field}, {fields_ref[field]}; "
                f"got {fields_est[field]}"
            )
    if set(fields_ref["units"]) != {"mV"}:
        raise AssertionError(f"{record}: all units must be mV; got {fields_ref['units']}")


def check_channels(record, names_ref, names_est):
    """Raise IndexError, as the organisers' script does, if the estimate lacks a channel."""
    missing = [name for name in names_ref if not normalize_names(names_est, [name])]
    if missing:
        raise IndexError(
            f"{record}: the estimate must have the reference's channels; it has no "
            f"{', '.join(missing)} but {', '.join(names_est)}: name its channels as the reference's"
        )


def score_lead(ref, est, fs, *, extra_scores):
    """Score one aligned lead; the metrics besides the SNR are NaN unless asked for."""
    snr = compute_snr(ref, est)[0]
    if not extra_scores:
        return LeadScores(snr, np.nan, np.nan, np.nan, np.nan)
    return LeadScores(
        snr,
        compute_snr(ref, est, noise_median=True),
        compute_ks_metric(ref, est),
        compute_asci_metric(ref, est),
        compute_weighted_absolute_difference(ref, est, fs),
    )


def evaluate_labels(folder_ref, folder_est, records):
    """Return the macro F-measure, that of each class, and the classes.

    Records without a reference label do not count; one without an estimate does, as a record for
    which nothing was predicted. When that is so for all of them, nobody tried: NaN, no classes.
    """
    labels, outputs = [], []
    for record in records:
        labels_ref = read_labels(folder_ref, record)
        if any(labels_ref):
            labels.append(labels_ref)
            outputs.append(read_labels(folder_est, record))
    if not any(any(output) for output in outputs):
        return np.nan, np.array([]), []
    return compute_f_measure(labels, outputs)


def read_labels(folder, record):
    """Return a record's labels, none when its header is missing or has no such line."""
    try:
        return load_labels(os.path.join(folder, record))
    except Exception:  # noqa: BLE001 - load_labels promises no narrower type
        return []


def format_summary(scores, extra_scores):
    """Return the summary text, one line per mean score."""
    snr, snr_median, ks, asci, weighted_absolute_difference, macro_f = scores
    lines = [("SNR", snr)]
    if extra_scores:
        lines += [
            ("SNR median", snr_median),
            ("KS metric", ks),
            ("ASCI metric", asci),
            ("Weighted absolute difference metric", weighted_absolute_difference),
        ]
    lines.append(("F-measure", macro_f))
    return "".join(f"{name}: {value:.3f}\n" for name, value in lines)


def format_snr_table(snr_by_channel):
    """Return the tab-separated table of records by channels; None where a record lacks one."""
    records = sorted({record for record, _ in snr_by_channel})
    channels = sorted({channel for _, channel in snr_by_channel})
    rows = [["Record"] + (channels or [""])]
    for record in records:
        rows.append([record] + [str(snr_by_channel.get((record, name))) for name in channels])
    return "".join("\t".join(row) + "\n" for row in rows)


def run(args):
    """Evaluate the folders and print or write the tables asked for."""
    *scores, snr_by_channel, per_class_f, classes = evaluate_model(
        args.folder_ref, args.folder_est, args.no_shift, args.extra_scores
    )
    summary = format_summary(scores, args.extra_scores)
    if args.summary_score_file:
        save_text(args.summary_score_file, summary)
    else:
        print(summary)
    if args.total_snr_file:
        save_text(args.total_snr_file, format_snr_table(snr_by_channel))
    if args.total_f_measure_file:
        rows = zip(classes, per_class_f, strict=True)
        save_text(args.total_f_measure_file, "".join(f"{name}\t{f!s}\n" for name, f in rows))


if __name__ == "__main__":
    run(get_parser().parse_args(sys.argv[1:]))
