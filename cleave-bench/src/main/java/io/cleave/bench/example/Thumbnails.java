package io.cleave.bench.example;

import io.cleave.pool.Parallel;
import io.cleave.pool.ProcessPool;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Thumbnails of images, made by worker JVMs as a stage of a stream: {@code ./bench example thumbnails}. PNG goes to the
 * workers and JPEG comes back.
 */
@Command(name = "thumbnails", mixinStandardHelpOptions = true,
        description = "Thumbnails of generated images, made by worker JVMs.")
final class Thumbnails implements Callable<Integer> {
    private static final int WIDTH = 1024;
    private static final int HEIGHT = 768;
    private static final int SCALE = 8;
    private static final int MOTIFS = 8;
    private static final int SHAPES = 200;

    @Option(names = "--images", defaultValue = "200", description = "How many images (${DEFAULT-VALUE}).")
    private int images;

    private Thumbnails() {
    }

    @Override
    public Integer call() throws IOException {
        System.setProperty("java.awt.headless", "true");
        List<byte[]> motifs = new ArrayList<>();
        for (int seed = 0; seed < MOTIFS; seed++) {
            motifs.add(encode(paint(seed), "png"));
        }
        int right = 0;
        long bytes = 0;
        long start = System.nanoTime();
        try (ProcessPool pool = ProcessPool.builder().jvmOptions("-Djava.awt.headless=true").build()) {
            List<byte[]> thumbnails = IntStream.range(0, images).mapToObj(i -> motifs.get(i % MOTIFS))
                    .gather(Parallel.mapping(pool, Thumbnails::thumbnail)).toList();
            double seconds = (System.nanoTime() - start) / 1e9;
            for (byte[] thumbnail : thumbnails) {
                BufferedImage image = decode(thumbnail);
                right += image.getWidth() == WIDTH / SCALE && image.getHeight() == HEIGHT / SCALE ? 1 : 0;
                bytes += thumbnail.length;
            }
            System.out.printf(Locale.ROOT, "%,d thumbnails of %d x %d, %,d bytes, %.2f s by %d workers%n", right,
                    WIDTH / SCALE, HEIGHT / SCALE, bytes, seconds, pool.parallelism());
        }
        return right == images ? 0 : 1;
    }

    /** What a worker does: an image as PNG becomes a small one as JPEG. */
    private static byte[] thumbnail(byte[] png) throws IOException {
        BufferedImage image = decode(png);
        BufferedImage small = new BufferedImage(image.getWidth() / SCALE, image.getHeight() / SCALE,
                BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(image, 0, 0, small.getWidth(), small.getHeight(), null);
        graphics.dispose();
        return encode(small, "jpg");
    }

    private static BufferedImage paint(int seed) {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        SplittableRandom random = new SplittableRandom(seed);
        Graphics2D graphics = image.createGraphics();
        for (int shape = 0; shape < SHAPES; shape++) {
            graphics.setColor(new Color(random.nextInt(1 << 24)));
            graphics.fillOval(random.nextInt(WIDTH), random.nextInt(HEIGHT), random.nextInt(1, WIDTH / SCALE),
                    random.nextInt(1, HEIGHT / SCALE));
        }
        graphics.dispose();
        return image;
    }

    private static BufferedImage decode(byte[] encoded) throws IOException {
        return Objects.requireNonNull(ImageIO.read(new ByteArrayInputStream(encoded)), "this is no image");
    }

    private static byte[] encode(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (!ImageIO.write(image, format, out)) {
            throw new IOException("this Java cannot write " + format);
        }
        return out.toByteArray();
    }
}
