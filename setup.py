"""What pyproject.toml cannot say: ``model/``, beside the package here, lies inside it in a wheel.

`ecgpaper.nets.stored.weights` finds it in both places.
"""

from setuptools import find_packages, setup

WEIGHTS = "ecgpaper.model"

setup(
    packages=[*find_packages(include=["ecgpaper", "ecgpaper.*"]), WEIGHTS],
    package_dir={WEIGHTS: "model"},
    package_data={
        "ecgpaper": ["py.typed"],
        "ecgpaper.app.leaderboard": ["peers.json"],
        "ecgpaper.app.report": ["templates/*"],
        "ecgpaper.app.serve": ["templates/*"],
        WEIGHTS: ["*.json", "*.safetensors", "README.md"],
    },
)
