"""Train the models on a folder of records: the Challenge's first command."""

import argparse
import sys

from helper_code import *
from team_code import train_models


def get_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Train the Challenge models.")
    parser.add_argument("-d", "--data_folder", type=str, required=True)
    parser.add_argument("-m", "--model_folder", type=str, required=True)
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser


def run(args):
    """Train on the data folder and save to the model folder."""
    train_models(args.data_folder, args.model_folder, args.verbose)


if __name__ == "__main__":
    run(get_parser().parse_args(sys.argv[1:]))
