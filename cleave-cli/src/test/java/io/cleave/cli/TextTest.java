package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class TextTest {

    @Test
    void sizesAreGivenInTheLargestFittingUnit() {
        assertThat(Units.bytes(0)).isEqualTo("0 B");
        assertThat(Units.bytes(1023)).isEqualTo("1023 B");
        assertThat(Units.bytes(1536)).isEqualTo("1.5 KiB");
        assertThat(Units.bytes(132_723_663)).isEqualTo("127 MiB");
        assertThat(Units.bytes(Long.MAX_VALUE)).isEqualTo("8.0 EiB");
    }

    @Test
    void timesAreGivenInTheUnitThatPeopleUse() {
        assertThat(Units.time(Duration.ofNanos(123_456_789))).isEqualTo("123.5 ms");
        assertThat(Units.time(Duration.ofMillis(4050))).isEqualTo("4.05 s");
        assertThat(Units.time(Duration.ofSeconds(125))).isEqualTo("2 min 05 s");
    }

    @Test
    void countsAgreeWithTheirNoun() {
        assertThat(Units.count(1, "block", "blocks")).isEqualTo("1 block");
        assertThat(Units.count(26_976, "class", "classes")).isEqualTo("26,976 classes");
    }

    @Test
    void figuresForProgramsAreRounded() {
        assertThat(Units.rounded(1.23456, 2)).isEqualTo(1.23);
        assertThat(Units.mib(1_572_864)).isEqualTo(1.5);
    }

    @Test
    void textIsBrokenAtBlanksOnly() {
        assertThat(Units.wrapped("a bb ccc dddd averylongword e", 8)).containsExactly("a bb ccc", "dddd",
                "averylongword", "e");
    }

    @Test
    void whatDoesNotFitIsMarked() {
        assertThat(Style.PLAIN.shorten("abcdefgh", 8)).isEqualTo("abcdefgh");
        assertThat(Style.PLAIN.shorten("abcdefgh", 7)).isEqualTo("abcd...");
        assertThat(Style.PLAIN.shorten("abcdefgh", 2)).isEqualTo("ab");
        assertThat(new Style(80, false, true).shorten("abcdefgh", 7)).isEqualTo("abcdef\u2026");
    }

    @Test
    void coloursAppearOnlyWhereTheyAreWanted() {
        Style coloured = new Style(80, true, true);
        assertThat(Style.PLAIN.green(Style.PLAIN.bold("x"))).isEqualTo("x");
        assertThat(coloured.red("x")).startsWith("\u001b[").contains("x").endsWith("m");
    }

    @Test
    void terminalsAreToldByTheirDevice() {
        assertThat(Terminal.isDevice("/dev/pts/3")).isTrue();
        assertThat(Terminal.isDevice("/dev/tty1")).isTrue();
        assertThat(Terminal.isDevice("/dev/console")).isTrue();
        assertThat(Terminal.isDevice("pipe:[12345]")).isFalse();
        assertThat(Terminal.isDevice("/dev/null")).isFalse();
        assertThat(Terminal.isDevice("/home/someone/log")).isFalse();
    }

    @Test
    void theWidthIsTheLastNumber() {
        assertThat(Terminal.columns("24 80")).isEqualTo(80);
        assertThat(Terminal.columns(" 132 ")).isEqualTo(132);
        assertThat(Terminal.columns("stty: not a tty")).isZero();
        assertThat(Terminal.columns("")).isZero();
        assertThat(Terminal.columns(null)).isZero();
    }
}
