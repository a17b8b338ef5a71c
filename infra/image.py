"""A function as a container image: the build context of its Dockerfile, put together from the layers' zips."""

import shutil
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from aws_cdk import aws_lambda as awslambda
from aws_cdk.aws_ecr_assets import Platform

from infra.bundling import ROOT
from infra.layers import Layers
from infra.settings import Settings

IMAGES = ROOT / ".build" / "images"


def image_code(
    name: str, layers: Layers, layer_names: tuple[str, ...], settings: Settings
) -> awslambda.DockerImageCode:
    """Return the image of function `name` with those layers; Docker builds it when it is deployed."""
    platform = Platform.LINUX_ARM64 if settings.architecture == "arm64" else Platform.LINUX_AMD64
    return awslambda.DockerImageCode.from_image_asset(
        str(build_context(name, [layers.zipped(each) for each in layer_names])),
        build_args={"PYTHON": settings.runtime.removeprefix("python")},
        platform=platform,
    )


def build_context(name: str, zips: list[Path]) -> Path:
    """Return a folder with `functions/<name>`'s Dockerfile and handler, and below `opt` what the layers hold."""
    function = ROOT / "functions" / name
    own = [function / "Dockerfile", function / "handler.py"]
    content = sha256(b"".join(path.read_bytes() for path in (*own, *zips))).hexdigest()[:16]
    context = IMAGES / f"{name}-{content}"
    if not context.exists():
        IMAGES.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=IMAGES) as scratch:
            made = Path(scratch) / "context"
            for each in zips:
                with ZipFile(each) as archive:
                    archive.extractall(made / "opt")
            for path in own:
                shutil.copyfile(path, made / path.name)
            made.rename(context)
    return context
