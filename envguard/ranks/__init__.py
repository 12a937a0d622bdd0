"""Agreement between the ranks of one job: every rank goes on, or none does.

Nobody else compares them before the first collective: NCCL compares its own version, and everything else that differs
between two nodes (a package, a driver, a variable, a thread count, the data) gives a run that nobody can repeat.

The protocol, version 1
-----------------------

**Who.** ``launch`` finds the job: an initialised group of torch.distributed, MPI if mpi4py has it up, or what the launcher
says (torchrun, a plain ``RANK``/``WORLD_SIZE``, Open MPI, Slurm, PMI and others). A process that is alone imports nothing.

**What.** ``sections`` splits what a rank observed into sections (packages, interpreter, libraries, processor, accelerators,
driver, threads, variables, record, code, data, seed, switches, settings) of plain keys and values, without what is expected
to differ from rank to rank (host name, rank variables, UUIDs, bus addresses, affinity, paths). Each has a digest: the BLAKE3
of its canonical JSON.

**How.** Two rounds, in each of which every rank sends a message to rank 0 and gets one answer for all:

1. *digests*: its digests, its host, whether it would go on, and if not, why. Rank 0 answers with a plan: who did not answer,
   who refuses, which sections differ, and for each digest of those one rank that stands for all that have it.
2. *details*, only where a section differs: those representatives send that section itself. Rank 0 answers with the keys that
   differ, and for each the groups of ranks with their values.

What is made of the messages is made by pure functions (``verdict``), and the answer is the same for all: so all go on or
all refuse. With a function that gathers (``enforce(gather=…)``) everybody has all messages and makes the answer itself. Messages
are JSON of a bounded size, checked when they are read; nothing is ever unpickled.

**Over what.** ``store``: the store of the initialised group; that of torchrun's agent where ``TORCHELASTIC_USE_AGENT_STORE``
says that there is one; else one that rank 0 opens at ``MASTER_ADDR:MASTER_PORT`` with ``multi_tenant=True``, exactly as the
later ``init_process_group`` does: in one process both are one server, so nothing collides, and it stays open until the
process ends. Without ``MASTER_ADDR``, under Slurm or on one host, the address is derived from the job. ``mpi``: bytes from
point to point where mpi4py is loaded. No collective of NCCL is ever used.

**Since when.** Keys lie under ``envguard/<restart>``. Restarts of torchrun do not always count up, and the agent's store
outlives the workers. So rank 0 opens each round of talks with a fresh random number, the others send their messages under it,
and each is told that it was its own message, by a number of its own, that was taken: words of a former life are never believed.

**When not.** Rank 0 waits as long as ``ranks-timeout`` says, then names whom it did not hear. A rank that refuses for
reasons of its own says so at once, and then the others are waited for no longer than a few seconds. If rank 0 is silent
everybody else names it.
"""
