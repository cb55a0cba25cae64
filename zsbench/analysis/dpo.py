"""Direct preference optimisation over pairs of sessions: the loss by which a trainer can be checked.

    loss = -log sigmoid( beta ((log pi(w) - log pi_ref(w)) - (log pi(l) - log pi_ref(l))) )

w, l: the chosen and the rejected list, by OneRec those with the highest and the lowest reward of all generated ones.

Source: Rafailov et al. 2023 (NeurIPS), arXiv:2305.18290, eq. 7; Deng et al. 2025 (OneRec), arXiv:2502.18965, section 3.
"""

from __future__ import annotations

from zsbench.core.lazy import DoubleArray, IntArray, np


def dpo_loss(
    policy_w: DoubleArray, policy_l: DoubleArray, ref_w: DoubleArray, ref_l: DoubleArray, *, beta: float
) -> DoubleArray:
    """Return the loss of each pair (n_pairs,) from the log-probabilities of its two lists, (n_pairs,) each."""
    margin = (np.asarray(policy_w) - np.asarray(ref_w)) - (np.asarray(policy_l) - np.asarray(ref_l))
    # log(1 + exp(-x)) neither overflows nor rounds to nothing.
    return np.asarray(np.logaddexp(0.0, -beta * margin))


def preferred(rewards: DoubleArray) -> tuple[IntArray, IntArray]:
    """Return the numbers of the chosen and the rejected list of each session, from rewards (n_sessions, n_lists)."""
    values = np.asarray(rewards, dtype=np.float64)
    return values.argmax(axis=1), values.argmin(axis=1)
