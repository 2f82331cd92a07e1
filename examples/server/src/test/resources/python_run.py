"""A whole run, logged as a Python user would, and then read back. Arguments: URL, directory for files. Prints JSON."""

import json
import sys
from pathlib import Path

from dreamlake import Session

url, directory = sys.argv[1], Path(sys.argv[2])


def session():
    return Session(name="baseline", workspace="vision", remote=url, user_name="alice")


checkpoint = directory / 'check "point" ü.bin'
checkpoint.write_bytes(bytes(range(256)) * 1000)
(directory / "empty.txt").write_bytes(b"")

with session() as run:
    run.log("Training started")
    run.parameters().set(model={"lr": 0.001, "layers": [64, 32]}, seed=7, note=None)
    run.parameters().set(model={"lr": 0.0005})
    for epoch in range(3):
        run.log(f"Epoch {epoch}", metadata={"loss": 1 / (epoch + 1)})
        run.track("train/loss", description="per epoch", tags=["loss"]).append(value=1 / (epoch + 1), epoch=epoch)
    batch = run.track("steps").append_batch([{"step": step, "value": step * 0.5} for step in range(2500)])
    last = run.track("steps").append(step=2500, value=None, größe="ü")
    uploaded = run.files().upload(
        str(checkpoint), path="/models", description="the best one", tags=["best", "last"], metadata={"epoch": 2}
    )
    run.files().upload(str(directory / "empty.txt"))
    try:
        run.track("unknown").stats()
        unknown = "found"
    except Exception as e:
        unknown = e.response.status_code

with session() as again:
    steps = []
    more = True
    while more:
        page = again.track("steps").read(start_index=len(steps), limit=1000)
        steps += page["data"]
        more = page["hasMore"]
    found = again.files().list(path="/mod", tags=["best"])
    downloaded = again.file(file_id=uploaded["id"], dest_path=str(directory / "downloaded")).download()
    updated = again.file(file_id=uploaded["id"], description="the best of all", tags=["best"]).update()
    every = again.files().list()
    deleted = again.file(file_id=every[1]["id"]).delete()
    answer = {
        "parameters": again.parameters().get(),
        "nested": again.parameters().get(flatten=False),
        "tracks": {track["name"]: int(track["totalDataPoints"]) for track in again.track("steps").list_all()},
        "description": again.track("train/loss").stats()["description"],
        "loss": [point["data"]["value"] for point in again.track("train/loss").read()["data"]],
        "steps": len(steps),
        "inOrder": all(int(p["index"]) == i and p["data"]["step"] == i for i, p in enumerate(steps)),
        "batch": [int(batch["startIndex"]), int(batch["endIndex"]), batch["count"]],
        "last": [int(last["index"]), steps[-1]["data"]],
        "file": {name: uploaded[name] for name in ("path", "filename", "contentType", "sizeBytes", "tags", "metadata")},
        "found": [file["id"] == uploaded["id"] for file in found],
        "same": Path(downloaded).read_bytes() == checkpoint.read_bytes(),
        "updated": [updated["description"], updated["tags"], updated["metadata"]],
        "files": [len(every), len(again.files().list())],
        "deleted": deleted["id"] == every[1]["id"] and "deletedAt" in deleted,
        "unknown": unknown,
    }
    print(json.dumps(answer))
