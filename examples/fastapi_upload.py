"""A platform with one form field: a picture goes up unless Amparo says otherwise.

AMPARO_URL=http://127.0.0.1:8080 AMPARO_KEY=amparo_… python examples/fastapi_upload.py
curl -F file=@picture.jpg http://127.0.0.1:8000/pictures
"""

import os
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, UploadFile

from amparo.client import Amparo, Patience
from amparo.client.guards.fastapi import Guard, decision_of  # 1 of 3

platform = FastAPI()
guard = Guard(Amparo(patience=Patience(total_s=10)))  # 2 of 3


@platform.post("/pictures", status_code=201)
def take(
    file: Annotated[UploadFile, Depends(guard("file"))],  # 3 of 3
) -> dict[str, object]:
    """Only what has gone through the guard comes here."""
    decision = decision_of(file)
    return {
        "name": file.filename,
        "bytes": len(file.file.read()),
        "media_id": decision and decision.media_id,
    }


if __name__ == "__main__":
    uvicorn.run(platform, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
