"""``promote`` says what a promotion wants; to want less is a weaker gate."""

from __future__ import annotations

from pytest_mlgates.config.loosening import loosened

GATE = {"kind": "metric", "table": "t", "metric": "accuracy", "min": 0.6}


def test_an_estimate_in_the_place_of_proof_is_weaker_and_the_way_back_is_free():
    proof, estimate = {"gate": GATE}, {"gate": {**GATE, "promote": "estimate"}}
    assert loosened(proof, estimate) == ['promote changed from "proof" to "estimate": weaker']
    assert loosened(estimate, proof) == []
    assert loosened(proof, {"gate": {**GATE, "promote": "proof"}}) == []
