"""Logs to a session in bursts, with the real SDK. Arguments: local path, number of records, file for acknowledgements.

Acknowledges each record once the SDK's call has returned. With 0 records it continues until its input is closed. It
prints "writing" after its first record.
"""

import os
import random
import sys
import threading
import time

from dreamlake import Session

root, records, acknowledgements = sys.argv[1], int(sys.argv[2]), sys.argv[3]
enough = threading.Event()


def wait_for_the_end_of_input():
    sys.stdin.read()
    enough.set()


threading.Thread(target=wait_for_the_end_of_input, daemon=True).start()
acknowledged = os.open(acknowledgements, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
with Session(name="default", workspace="default", local_path=root) as session:
    i = 0
    while i < records if records > 0 else not enough.is_set():
        message = f"python {i}"
        session.log(message, level="info", i=i)
        os.write(acknowledged, (message + "\n").encode())
        if i == 0:
            print("writing", flush=True)
        i += 1
        if random.random() < 0.02:
            time.sleep(random.uniform(0, 0.005))
