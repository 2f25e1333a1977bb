package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What memory there is for children that cannot collect garbage. */
final class EdenTest {
    private static final long GIB = 1 << 30;

    @Test
    void childrenShareWhatTheirParentHasNotTouchedYet() {
        assertThat(Eden.share(2, 16 * GIB, -1, 3 * GIB)).as("without a limit").isEqualTo(4 * GIB);
        assertThat(Eden.share(2, 16 * GIB, 4 * GIB, 3 * GIB)).isEqualTo(GIB / 4);
        assertThat(Eden.share(2, GIB, 8 * GIB, 3 * GIB)).as("the machine has less").isEqualTo(GIB / 4);
        assertThat(Eden.share(2, -1, 4 * GIB, 5 * GIB)).isZero();
        assertThat(Eden.share(1, -1, -1, -1)).isEqualTo(Long.MAX_VALUE / 2);
    }
}
