package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a fork is taken to cost. */
final class ForkCostTest {
    private static final long MIB = 1 << 20;

    @Test
    void aForkCostsMoreTheLargerThePageTablesAre() {
        assertThat(ForkCost.nanos(-1)).isEqualTo(ForkCost.LEAST_NANOS);
        assertThat(ForkCost.nanos(MIB / 8)).isLessThan(2 * ForkCost.LEAST_NANOS);
        assertThat(ForkCost.nanos(2 * MIB)).as("a GiB in small pages").isBetween(20_000_000L, 30_000_000L);
        assertThat(ForkCost.nanos(20 * MIB)).isGreaterThan(200_000_000L);
        assertThat(ForkCost.nanos()).as("of this JVM").isGreaterThan(ForkCost.LEAST_NANOS);
    }
}
