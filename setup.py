"""What pyproject.toml cannot say: ``model/``, beside the package here, lies inside it in a wheel.

`ecgpaper.weights` finds it in both places.
"""

from setuptools import find_packages, setup

WEIGHTS = "ecgpaper.model"

setup(
    packages=[*find_packages(include=["ecgpaper", "ecgpaper.*"]), WEIGHTS],
    package_dir={WEIGHTS: "model"},
    package_data={
        "ecgpaper": ["py.typed"],
        "ecgpaper.leaderboard": ["peers.json"],
        "ecgpaper.report": ["templates/*"],
        "ecgpaper.serve": ["templates/*"],
        WEIGHTS: ["*.json", "*.safetensors", "README.md"],
    },
)
