package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

final class TableTest {

    @Test
    void wordsAreAlignedLeftAndFiguresRight() {
        Table table = new Table(Style.PLAIN).left("way").right("time").left("note");
        table.row("sequential", "4.0 s", "").row("threads", "12.0 s", "slow");
        assertThat(table.lines()).containsExactly( //
                "  way            time   note", //
                "  ----------   ------   ----", //
                "  sequential    4.0 s", //
                "  threads      12.0 s   slow");
    }

    @Test
    void aTableWithoutTitlesHasNoHead() {
        assertThat(new Table(Style.PLAIN).left("").left("").row("a", "b").lines()).containsExactly("  a   b");
    }

    @Test
    void theWidestColumnOfWordsGivesWay() {
        Style narrow = new Style(40, false, true);
        Table table = new Table(narrow).right("count").left("name").row("1,000", "x".repeat(100));
        assertThat(table.lines()).allMatch(line -> line.length() <= 40)
                .last().isEqualTo("  1,000   " + "x".repeat(29) + "\u2026");
    }

    @Test
    void figuresAreNeverCut() {
        Style narrow = new Style(20, false, true);
        Table table = new Table(narrow).right("count").left("name").row("1".repeat(30), "x".repeat(100));
        assertThat(table.lines()).last().asString().contains("1".repeat(30));
    }

    @Test
    void coloursDoNotDisturbTheAlignment() {
        Table plain = new Table(Style.PLAIN).left("a").right("b").row("word", "1");
        Table coloured = new Table(new Style(100, true, false)).left("a").right("b").row("word", "1");
        assertThat(coloured.lines().stream().map(line -> line.replaceAll("\u001b\\[[0-9;]*m", "")))
                .isEqualTo(plain.lines());
        assertThat(coloured.lines().getFirst()).contains("\u001b[");
    }

    @Test
    void aRowWithTheWrongNumberOfCellsIsRefused() {
        Table table = new Table(Style.PLAIN).left("a");
        assertThatIllegalArgumentException().isThrownBy(() -> table.row("1", "2")).withMessage("2 cells for 1 columns");
    }
}
