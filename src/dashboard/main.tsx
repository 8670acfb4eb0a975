import { render } from 'preact'
import './style/base.css'
import './style/frame.css'
import './style/table.css'
import './style/views.css'
import { App } from './app.tsx'
import { applyTheme, readTheme } from './lib/theme.ts'

applyTheme(readTheme())
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
