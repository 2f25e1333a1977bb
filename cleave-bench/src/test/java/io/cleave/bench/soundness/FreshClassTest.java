package io.cleave.bench.soundness;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FreshClassTest {
    @Test
    void aFreshClassGivesWhatItsFormulaSays() throws ReflectiveOperationException {
        for (int seed = -3; seed < 4; seed++) {
            FreshClass fresh = new FreshClass(seed * 0x1234_5678_9ABCL, 1 + Math.abs(seed), 10);
            assertThat(fresh.load().applyAsLong(42)).isEqualTo(fresh.expected(42));
        }
    }

    @Test
    void anHeirGivesWhatItsFormulaSays() throws ReflectiveOperationException {
        OverriddenClass overridden = new OverriddenClass(12345);
        assertThat(overridden.callHeir(42)).isEqualTo(overridden.expected(42));
    }
}
