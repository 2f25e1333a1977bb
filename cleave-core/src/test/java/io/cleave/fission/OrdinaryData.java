package io.cleave.fission;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.cleave.fission.OrdinaryJava.Entries;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Collator;
import java.text.MessageFormat;
import java.text.NumberFormat;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListResourceBundle;
import java.util.Locale;
import java.util.Map;
import java.util.ResourceBundle;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.SAXParserFactory;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamReader;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;
import javax.xml.xpath.XPathFactory;
import org.xml.sax.Attributes;
import org.xml.sax.InputSource;
import org.xml.sax.helpers.DefaultHandler;

/** Text, numbers, XML, archives, images. */
final class OrdinaryData {
    private static final byte[] TEXT = "what is said three times is true ".repeat(200).getBytes(UTF_8);

    private OrdinaryData() {
    }

    /** Found by name. */
    public static final class Words extends ListResourceBundle {
        @Override
        protected Object[][] getContents() {
            return new Object[][] {{"greeting", "good {0}"}};
        }
    }

    static void addTo(Entries entries) {
        text(entries);
        xml(entries);
        archives(entries);
    }

    private static void text(Entries entries) {
        entries.add("regex", x -> {
            var matcher = Pattern.compile("(?<word>[a-z]+)-(\\d{2,})").matcher("some-" + (10 + x));
            return matcher.matches() ? matcher.group("word") + matcher.group(2) : "";
        }, x -> "some" + (10 + x))
                .add("String.format", x -> String.format(Locale.ROOT, "%05d %.3f %s %tF", x, x / 4.0, List.of(x),
                        LocalDate.of(2024, 2, 29)), x -> digits(x) + " " + fraction(x) + " [" + x + "] 2024-02-29")
                .add("dates", x -> ZonedDateTime.of(2024, 3, 31, 1, 30, 0, 0, ZoneId.of("Europe/Berlin")).plusHours(1)
                        .plusDays(x).format(DateTimeFormatter.ofPattern("d MMMM uuuu HH:mm zzz", Locale.ENGLISH)),
                        x -> (x == 0 ? "31 March" : x <= 30 ? x + " April" : x - 91 + " July") + " 2024 03:30 CEST")
                .add("locales", x -> NumberFormat.getCurrencyInstance(Locale.US).format(1234.5 + x) + " "
                        + Collator.getInstance(Locale.FRANCE).compare("cote", "côté"),
                        x -> "$1," + (234 + x) + ".50 -1")
                .add("resource bundle", x -> MessageFormat.format(
                        ResourceBundle.getBundle(Words.class.getName()).getString("greeting"), "day " + x),
                        x -> "good day " + x)
                .add("big numbers", x -> BigInteger.TWO.pow(521).subtract(BigInteger.ONE).isProbablePrime(10) + " "
                        + new BigDecimal(2).sqrt(new MathContext(30)).add(BigDecimal.valueOf(x)),
                        x -> "true " + new BigDecimal("1.41421356237309504880168872421").add(BigDecimal.valueOf(x)))
                .add("base 64, hex, CRC", x -> {
                    CRC32 crc = new CRC32();
                    crc.update("123456789".getBytes(UTF_8));
                    return Base64.getEncoder().encodeToString(("n" + x % 10).getBytes(UTF_8)) + " "
                            + HexFormat.of().toHexDigits(crc.getValue());
                }, x -> List.of("bjA=", "bjE=", "bjI=", "bjM=", "bjQ=", "bjU=", "bjY=", "bjc=", "bjg=", "bjk=")
                        .get(x % 10)
                        + " 00000000cbf43926")
                .add("gatherers and collectors", x -> IntStream.range(0, 10).boxed().gather(Gatherers.windowFixed(3))
                        .map(window -> window.size() + x)
                        .collect(Collectors.groupingBy(n -> n, TreeMap::new, Collectors.counting())),
                        x -> "{" + (1 + x) + "=1, " + (3 + x) + "=3}")
                .add("collections", x -> {
                    LinkedHashMap<String, List<Integer>> map = new LinkedHashMap<>();
                    for (int i = 0; i < 1000; i++) {
                        map.computeIfAbsent("k" + i % 10, _ -> new ArrayList<>()).add(i + x);
                    }
                    return map.values().stream().mapToInt(List::size).sum() + map.firstEntry().getValue().getFirst();
                }, x -> 1000 + x)
                .add("serialization", x -> {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                        out.writeObject(new ArrayList<>(List.of(x, "two", LocalDate.EPOCH)));
                    }
                    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                        return in.readObject();
                    }
                }, x -> "[" + x + ", two, 1970-01-01]")
                .add("image", x -> {
                    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
                    Graphics2D graphics = image.createGraphics();
                    graphics.setColor(new Color(x, 2, 3));
                    graphics.fillRect(0, 0, 64, 64);
                    graphics.dispose();
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    ImageIO.write(image, "png", bytes);
                    return ImageIO.read(new ByteArrayInputStream(bytes.toByteArray())).getRGB(5, 5) & 0xffffff;
                }, x -> x << 16 | 0x203);
    }

    private static String digits(int x) {
        return Integer.toString(100_000 + x).substring(1);
    }

    private static String fraction(int x) {
        return x / 4 + "." + List.of("000", "250", "500", "750").get(x % 4);
    }

    private static String document(int x) {
        return "<list><item n='" + x + "'>first</item><item n='2'>second</item></list>";
    }

    private static void xml(Entries entries) {
        entries.add("DOM", x -> DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new InputSource(new StringReader(document(x)))).getElementsByTagName("item").item(0)
                .getAttributes().getNamedItem("n").getNodeValue(), x -> x)
                .add("SAX", x -> {
                    int[] count = {x};
                    SAXParserFactory.newInstance().newSAXParser().parse(
                            new ByteArrayInputStream(document(x).getBytes(UTF_8)), new DefaultHandler() {
                                @Override
                                public void startElement(String uri, String local, String name, Attributes given) {
                                    count[0]++;
                                }
                            });
                    return count[0];
                }, x -> x + 3)
                .add("StAX", x -> {
                    XMLStreamReader reader = XMLInputFactory.newInstance()
                            .createXMLStreamReader(new StringReader(document(x)));
                    int events = 0;
                    while (reader.hasNext()) {
                        reader.next();
                        events++;
                    }
                    return events + x;
                }, x -> 9 + x)
                .add("XPath", x -> XPathFactory.newInstance().newXPath().evaluate("/list/item[@n='" + x + "']",
                        new InputSource(new StringReader(document(x)))), x -> "first")
                .add("XSLT", x -> {
                    StringWriter out = new StringWriter();
                    TransformerFactory.newInstance().newTransformer(new StreamSource(new StringReader(
                            "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>"
                                    + "<xsl:output method='text'/><xsl:template match='/'>"
                                    + "<xsl:value-of select='sum(//@n)'/></xsl:template></xsl:stylesheet>")))
                            .transform(new StreamSource(new StringReader(document(x))), new StreamResult(out));
                    return out;
                }, x -> x + 2);
    }

    private static void archives(Entries entries) {
        entries.add("gzip", x -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
                out.write(TEXT);
            }
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                return Arrays.equals(in.readAllBytes(), TEXT);
            }
        }, x -> true)
                .add("deflater", x -> {
                    byte[] packed = new byte[TEXT.length];
                    byte[] unpacked = new byte[TEXT.length];
                    try (Deflater deflater = new Deflater(); Inflater inflater = new Inflater()) {
                        deflater.setInput(TEXT);
                        deflater.finish();
                        int length = deflater.deflate(packed);
                        inflater.setInput(packed, 0, length);
                        return inflater.inflate(unpacked) == TEXT.length && Arrays.equals(unpacked, TEXT);
                    }
                }, x -> true)
                .add("zip", x -> {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
                        out.putNextEntry(new ZipEntry("name" + x));
                        out.write(TEXT);
                    }
                    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                        ZipEntry entry = in.getNextEntry();
                        return entry.getName() + Arrays.equals(in.readAllBytes(), TEXT);
                    }
                }, x -> "name" + x + "true")
                .add("zip file system", x -> {
                    Path file = Files.createTempDirectory("zip").resolve("a.zip");
                    try (FileSystem zip = FileSystems.newFileSystem(URI.create("jar:" + file.toUri()),
                            Map.of("create", "true"))) {
                        Files.write(zip.getPath("/text"), TEXT);
                    }
                    try (FileSystem zip = FileSystems.newFileSystem(file)) {
                        return Files.readAllBytes(zip.getPath("/text")).length + x;
                    }
                }, x -> TEXT.length + x);
    }
}
