import { formatCount } from "../ui/format.js";
import { fileAddress } from "./api.js";
import type { Mistake } from "../ui/confusion.js";
import type { ClassificationReport } from "../../../../src/train/evaluation-report.js";

/** Pixels of a picture on the page, at least. */
const pictureSize = 72;

/** Examples that were taken for something else, those of which the network was surest first. */
export function Misread({ run, evaluation, chosen }: { readonly run: string; readonly evaluation: ClassificationReport; readonly chosen: Mistake | undefined }) {
  const { misread, classes, wrong, pictures } = evaluation;
  const listed = misread.map((example, place) => ({ ...example, place }));
  const shown = listed.filter(({ actual, predicted }) => !chosen || (actual === chosen.actual && predicted === chosen.predicted));
  const pictured = shown.filter(({ place }) => place < (pictures?.count ?? 0));
  const title = chosen ? `${classes[chosen.actual]} read as ${classes[chosen.predicted]}` : "Read wrongly";
  return (
    <section aria-label={title}>
      <h3>
        {title}: {formatCount(chosen ? shown.length : wrong)}
      </h3>
      {pictures && pictured.length > 0 && (
        <div class="misread-scroll" role="region" aria-label="Pictures" tabIndex={0}>
          <ul class="misread-pictures">
            {pictured.map(({ place, index, actual, predicted, confidence }) => (
              <li key={index}>
                <Picture address={fileAddress(run, "misread.png")} place={place} sheet={pictures} label={`Test example ${index}`} />
                <span>
                  <b>{classes[actual]}</b> as <b class="error-text">{classes[predicted]}</b>
                </span>
                {confidence !== undefined && <span class="quiet small">{Math.round(100 * confidence)} % sure</span>}
              </li>
            ))}
          </ul>
        </div>
      )}
      {pictured.length < shown.length && (
        <p class="quiet small">
          {pictured.length > 0 && "Further ones, by their place in the test set: "}
          {pictured.length === 0 && "By their place in the test set: "}
          {shown
            .filter(({ place }) => place >= (pictures?.count ?? 0))
            .slice(0, 200)
            .map(({ index, actual, predicted }) => (chosen ? String(index) : `${index} (${classes[actual]} as ${classes[predicted]})`))
            .join(", ")}
        </p>
      )}
      {shown.length === 0 && <p class="quiet">{chosen ? "None of these is among the listed examples." : "Every example was read right."}</p>}
    </section>
  );
}

interface PictureProps {
  readonly address: string;
  readonly place: number;
  readonly sheet: NonNullable<ClassificationReport["pictures"]>;
  readonly label: string;
}

/** One picture of a sheet, its pixels whole. */
function Picture({ address, place, sheet: { width, height, columns, count }, label }: PictureProps) {
  const scale = Math.max(1, Math.round(pictureSize / Math.max(width, height)));
  const [column, row] = [place % columns, Math.floor(place / columns)];
  const style = {
    width: `${scale * width}px`,
    height: `${scale * height}px`,
    backgroundImage: `url("${address}")`,
    backgroundSize: `${scale * width * columns}px ${scale * height * Math.ceil(count / columns)}px`,
    backgroundPosition: `-${scale * width * column}px -${scale * height * row}px`,
  };
  return <span class="misread-picture" role="img" aria-label={label} style={style} />;
}
